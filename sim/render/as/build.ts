/** Compiles the AssemblyScript renderer into `renderer.wasm.ts`: `npm run build:wasm`. */

import path from "node:path";
import { pathToFileURL } from "node:url";
import asc from "assemblyscript/asc";
import { writeFileWhole } from "../../../core/files.ts";

const folder = import.meta.dirname;
export const target = path.join(folder, "renderer.wasm.ts");

/** The compiled module. */
export async function compile(): Promise<Uint8Array> {
  const flags = [
    "-O3",
    "--converge",
    "--noAssert",
    "--runtime",
    "stub",
    "--enable",
    "simd",
    "--disableWarning",
    "112",
  ];
  const output = new Map<string, Uint8Array | string>();
  const { error, stderr } = await asc.main(
    [
      "renderer.as.ts",
      "--baseDir",
      folder,
      "--outFile",
      "renderer.wasm",
      "--use",
      "abort=",
      ...flags,
    ],
    {
      writeFile: (name: string, contents: Uint8Array | string) => void output.set(name, contents),
    } as unknown as NonNullable<Parameters<typeof asc.main>[1]>,
  );
  const binary = output.get("renderer.wasm");
  if (error || !(binary instanceof Uint8Array)) {
    throw new Error(`internal: the renderer does not compile.\n${stderr.toString()}`);
  }
  return binary;
}

/** The generated source that embeds it. */
export function embed(binary: Uint8Array): string {
  const lines =
    Buffer.from(binary)
      .toString("base64")
      .match(/.{1,100}/g) ?? [];
  return [
    "/** Generated from renderer.as.ts by `npm run build:wasm`. */",
    "",
    "export const rendererWasm = [",
    ...lines.map((line) => `  "${line}",`),
    '].join("");',
    "",
  ].join("\n");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileWhole(target, embed(await compile()));
}
