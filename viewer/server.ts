/** Serves the page, and the replays and policies of this machine, to this machine only. */

import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Server, ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import type { Plugin } from "vite";
import { ConfigError } from "../core/errors.ts";
import { isFolder } from "../core/files.ts";
import { Library } from "./library.ts";
import { withOwnScenes } from "./own-scenes.ts";

export interface ViewerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** A folder of replay files to list beside those of runs/ and policies/zoo. */
  readonly replays?: string;
  /** Where runs/ lies; the current folder unless given. */
  readonly working?: string;
  /** Files of modules whose scenes the page has, too; what they import is served, and nothing else that lies beside them. */
  readonly modules?: readonly string[];
  /** The page should open the live socket; whoever starts the viewer answers there. */
  readonly live?: boolean;
}

export interface ViewerServer {
  readonly url: string;
  /** For a socket beside the page. */
  readonly http: Server;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const here = import.meta.dirname;
const root = path.resolve(here, "..");
/** All that the page is made of; keys, runs and whatever else lies in the checkout are none of its business. */
const served = ["viewer", "sim", "credit", "core", "policies", "nn", "node_modules"];
/** Vite's own list, and the secret keys of `understudy keys`, wherever they were put. */
const denied = [
  ...[".env", ".env.*", "*.{crt,pem,key,p12,pfx,cer,der}", ".npmrc", ".yarnrc.yml", "**/.git/**"],
  "*.secret.json",
];

/** Starts the viewer. @throws ConfigError for a port in use or a folder that is not there. */
export async function serveViewer(options: ViewerOptions): Promise<ViewerServer> {
  const { replays, working = process.cwd(), modules = [], live = false } = options;
  if (!existsSync(path.join(here, "index.html"))) {
    throw new ConfigError(
      "Expected the page beside viewer/server.ts, found none: the viewer is part of the repository, not of the package. Clone it to use the viewer.",
    );
  }
  if (replays && !isFolder(replays)) {
    throw new ConfigError(`There is no folder "${replays}". Give --replays a folder of replays.`);
  }
  const library = new Library({ root, working, ...(replays ? { replays } : {}) });
  const { plugins, worker, resolve } = withOwnScenes(modules);
  const port = await freePort(options.port);
  const { createServer } = await import("vite");
  const server = await createServer({
    configFile: false,
    root: here,
    cacheDir: path.join(root, "node_modules", ".vite", "viewer"),
    logLevel: "error",
    clearScreen: false,
    plugins: [libraryPlugin(library, live), ...plugins],
    worker,
    resolve,
    // found at start, so that the page is not loaded a second time once they are
    optimizeDeps: {
      include: [
        "three",
        "three/addons/controls/OrbitControls.js",
        "three/addons/controls/TransformControls.js",
        "three/addons/objects/ShadowMesh.js",
        "zod",
        "preact",
        "preact/hooks",
        "preact/jsx-runtime",
        "preact/jsx-dev-runtime",
        "@preact/signals",
        "uplot",
      ],
      exclude: ["onnxruntime-web", "@dimforge/rapier3d-simd-compat"],
    },
    server: {
      host: HOST,
      port,
      strictPort: true,
      hmr: false,
      watch: null,
      fs: { allow: served.map((name) => path.join(root, name)), deny: denied },
    },
  });
  await server.listen();
  if (!server.httpServer) throw new Error("internal: the viewer's server does not listen");
  // Vite speaks HTTP/2 only when it is given certificates
  const http = server.httpServer as Server;
  return { url: `http://${HOST}:${port}/`, http, close: () => server.close() };
}

/** The port, once it is known to be free; for 0 one that is. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createTcpServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "EADDRINUSE" ? "is in use" : `cannot be used: ${error.message}`;
      reject(
        new ConfigError(
          `Port ${port} ${reason}. Choose another: understudy view --port ${port + 1}.`,
        ),
      );
    });
    probe.listen(port, HOST, () => {
      const found = probe.address();
      probe.close(() => resolve(typeof found === "object" && found ? found.port : port));
    });
  });
}

function libraryPlugin(library: Library, live: boolean): Plugin {
  return {
    name: "understudy-library",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const [address] = (request.url ?? "").slice(1).split("?");
        if (address === "library.json") {
          response.setHeader("Content-Type", "application/json");
          response.end(JSON.stringify({ ...library.list(), live }));
        } else if (address.startsWith("library/")) {
          void sendFile(response, library.fileOf(address.slice("library/".length)));
        } else next();
      });
    },
  };
}

async function sendFile(response: ServerResponse, file: string | undefined): Promise<void> {
  const handle = file && (await open(file).catch(() => undefined));
  if (!handle) {
    response.statusCode = 404;
    response.end("Not found.");
    return;
  }
  const type = file.endsWith(".json") ? "application/json" : "application/octet-stream";
  response.setHeader("Content-Type", type);
  response.setHeader("Cache-Control", "no-cache");
  // what breaks off is closed on both sides; a page sees that its file is not whole
  await pipeline(handle.createReadStream(), response).catch(() => {});
}
