/**
 * Builds the page into a folder that any static host serves, the zoo's policies and replays inside:
 * `npm run build:viewer` for runs/site, or with a folder of your own, `npm run build:viewer -- site`; with scenes of your own by
 * `--module FILE`.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { statsOf, writeFileWhole } from "../core/files.ts";
import { Library } from "./library.ts";
import { withOwnScenes } from "./own-scenes.ts";

const here = import.meta.dirname;
const root = path.resolve(here, "..");

/** Writes the site to `folder`, whose earlier content goes. @param modules files, whose scenes the page has, too */
export async function buildViewer(folder: string, modules: readonly string[] = []): Promise<void> {
  const { build } = await import("vite");
  await build({
    configFile: false,
    root: here,
    // works from any address, also below a path
    base: "./",
    logLevel: "error",
    ...withOwnScenes(modules),
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2022",
      // what comes as one file is not worth a warning
      chunkSizeWarningLimit: 4000,
      assetsInlineLimit: 0,
    },
  });
  copyLibrary(folder);
}

/** The list that the page asks for, and the files it names. */
function copyLibrary(folder: string): void {
  const library = new Library({ root, working: path.join(root, "policies", "zoo", "none") });
  const list = library.list();
  const files = [
    ...list.replays.map(({ url }) => url),
    ...list.policies.flatMap(({ url }) => [`${url}/policy.json`, `${url}/policy.onnx`]),
  ];
  for (const url of files) {
    const file = library.fileOf(url.slice("library/".length));
    if (!file) throw new Error(`internal: the library lists "${url}", which is not there`);
    const to = path.join(folder, ...url.split("/").map(decodeURIComponent));
    mkdirSync(path.dirname(to), { recursive: true });
    cpSync(file, to);
  }
  writeFileWhole(path.join(folder, "library.json"), `${JSON.stringify(list)}\n`);
}

/** Bytes of all files of a site: as they are, and as a host sends them. */
export function weigh(folder: string): {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
} {
  const weight = { raw: 0, gzip: 0, brotli: 0 };
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = path.join(folder, name);
    if (!statSync(file).isFile()) continue;
    const bytes = readFileSync(file);
    weight.raw += bytes.length;
    weight.gzip += gzipSync(bytes).length;
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
    weight.brotli += brotliCompressSync(bytes, { params }).length;
  }
  return weight;
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { module: { type: "string", multiple: true, default: [] } },
  });
  const folder = path.resolve(positionals[0] ?? path.join("runs", "site"));
  if (existsSync(folder) && !existsSync(path.join(folder, "library.json"))) {
    if (readdirSync(folder).length > 0) {
      process.stderr.write(
        `"${folder}" holds something else than a built viewer. Give an empty or a new folder.\n`,
      );
      process.exit(1);
    }
  }
  const gone = values.module.find((file) => !statsOf(file));
  if (gone !== undefined) {
    process.stderr.write(
      `There is no module "${gone}". Give --module a file that exports scenes.\n`,
    );
    process.exit(1);
  }
  await buildViewer(folder, values.module);
  const { raw, gzip, brotli } = weigh(folder);
  const text = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  process.stdout.write(
    `The viewer is in ${folder}: ${text(raw)}, ${text(gzip)} by gzip, ${text(brotli)} by brotli.\n`,
  );
}
