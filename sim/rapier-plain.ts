/**
 * Loads the plain build of Rapier in Node, for machines without WebAssembly SIMD.
 *
 * That package is made for bundlers: its files import each other without extensions and import their `.wasm` as a
 * module, which Node does not. Two hooks supply both. Node's modules are asked for by `process`, so that a bundler which
 * meets this file has nothing to resolve.
 */

import { type LoadedRapier, type RapierModule, type WasmMemory, wasm } from "./rapier-wasm.ts";

const packageName = "@dimforge/rapier3d";

type Next = (name: string, context: object) => unknown;
interface ResolveContext {
  readonly parentURL?: string;
}

/** Adds the extensions that the package leaves out; runs in Node's loader, so it may use nothing of this file. */
function resolve(name: string, context: ResolveContext, next: Next): unknown {
  if (!context.parentURL?.includes("/@dimforge/") || !name.startsWith("."))
    return next(name, context);
  if (name.endsWith("/rapier_wasm3d")) return next(`${name}_bg.js`, context);
  if (/\.m?js$/.test(name)) return next(name, context);
  const fs = process.getBuiltinModule("node:fs");
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  const file = fileURLToPath(new URL(name, context.parentURL));
  return next(fs.existsSync(`${file}.js`) ? `${name}.js` : `${name}/index.js`, context);
}

/** Reads the package's `.js` as modules, which its package.json does not say they are. */
function load(url: string, context: object, next: Next): unknown {
  if (!url.includes("/@dimforge/") || !url.endsWith(".js")) return next(url, context);
  const fs = process.getBuiltinModule("node:fs");
  const { fileURLToPath } = process.getBuiltinModule("node:url");
  return {
    format: "module",
    source: fs.readFileSync(fileURLToPath(url), "utf8"),
    shortCircuit: true,
  };
}

export async function loadPlain(): Promise<LoadedRapier> {
  const module = process.getBuiltinModule("node:module");
  const { pathToFileURL } = process.getBuiltinModule("node:url");
  const fs = process.getBuiltinModule("node:fs");
  installHooks(module);
  const manifest = module.createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const at = (file: string) => new URL(file, pathToFileURL(manifest));
  const glue = await import(/* @vite-ignore */ at("rapier_wasm3d_bg.js").href);
  const code = await wasm.compile(fs.readFileSync(at("rapier_wasm3d_bg.wasm")));
  const made = await wasm.instantiate(code, { "./rapier_wasm3d_bg.js": glue });
  const { exports } = "instance" in made ? made.instance : made;
  glue.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as undefined | (() => void))?.();
  const rapier: RapierModule = await import(/* @vite-ignore */ at("rapier.js").href);
  return { rapier, memory: exports.memory as WasmMemory, build: "plain" };
}

/** Node 22.15 and later take hooks as functions, Node 20 as the source of a module. */
function installHooks(module: typeof import("node:module")): void {
  const registerHooks = (module as unknown as { registerHooks?: (hooks: object) => void })
    .registerHooks;
  if (registerHooks) registerHooks({ resolve, load });
  else
    module.register(
      `data:text/javascript,${encodeURIComponent(`export ${resolve}\nexport ${load}`)}`,
    );
}
