/** What modules import, read from their text. */

import { readFileSync } from "node:fs";

/** Everything that a module names in `import`, `export … from`, `import()` and types such as `import("x").Y`. */
export function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const statement =
    /^[ \t]*(?:(?:import|export)\b[^"';=()]*?\bfrom\s*|import\s*)"([^"]+)"|\bimport\(\s*(?:\/\*.*?\*\/\s*)?"([^"]+)"/gm;
  return [...text.matchAll(statement)].map(([, named, loaded]) => named ?? loaded);
}

/** The package of a specifier that is no path: `three/addons/x.js` comes from `three`. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
