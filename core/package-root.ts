/** Where this package lies: its sources are one folder higher than what is compiled from them. */

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** The folder of package.json above a module of a top folder such as core/; the current folder where there is none. */
export function packageRootAbove(folder: string): string {
  return (
    ["..", "../.."]
      .map((up) => path.resolve(folder, up))
      .find((root) => existsSync(path.join(root, "package.json"))) ?? process.cwd()
  );
}

/** Holds package.json and policies/zoo, in the repository and where the package is installed. */
export const packageRoot: string = packageRootAbove(import.meta.dirname);

/** What package.json says that a run may want to tell. */
export function packageFacts(): {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
} {
  return JSON.parse(readFileSync(path.join(packageRoot, "package.json"), "utf8"));
}
