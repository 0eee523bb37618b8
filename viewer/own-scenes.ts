/** How the page gets scenes in modules of one's own: what Vite has to know to put them into its worker. */

import { realpathSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const list = path.join(import.meta.dirname, "worker", "own-scenes.ts");

/** Part of a configuration of Vite. @param modules files, whose scenes the page adds before it lists any */
export function withOwnScenes(modules: readonly string[]) {
  const plugin = {
    name: "understudy-own-scenes",
    load: (id: string) => (id.split("?")[0] === list ? listOf(modules) : undefined),
  };
  return {
    plugins: [plugin],
    worker: { format: "es" as const, plugins: () => [plugin] },
    resolve: {
      // one copy of the simulator, and of what describes settings, wherever a module lies
      alias: [{ find: /^understudy\/([\w-]+)$/, replacement: path.join(root, "$1", "index.ts") }],
      dedupe: ["zod"],
    },
  };
}

/** What stands in the place of `worker/own-scenes.ts`. */
function listOf(modules: readonly string[]): string {
  const lines = modules.map((file) => {
    const [name, address] = [path.basename(file), realpathSync(file)].map((text) =>
      JSON.stringify(text),
    );
    return `  await addScenesOf(${name}, () => import(${address}));`;
  });
  return [
    'import { addScenesOf } from "../../sim/scenes/modules.ts";',
    "export async function addOwnScenes() {",
    ...lines,
    "}",
  ].join("\n");
}
