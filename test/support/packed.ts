/** The package as npm publishes it, installed into a folder that has its dependencies and nothing else. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isRequired } from "./required.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Packs, which builds, and installs; returns the folder of the installed package. */
export function installPacked(home: string): string {
  const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", home], {
    cwd: root,
    encoding: "utf8",
  });
  const tarball = path.join(home, packed.trim().split("\n").at(-1) ?? "");
  writeFileSync(path.join(home, "package.json"), '{ "private": true }\n');
  if (isRequired("npm")) installFromRegistry(home, tarball);
  else installFromCheckout(home, tarball);
  return path.join(home, "node_modules", "understudy");
}

/** Scripts would download CUDA libraries; the addons that are used come built. */
function installFromRegistry(home: string, tarball: string): void {
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  execFileSync("npm", ["install", ...flags, tarball], { cwd: home });
}

/** Without a network: links to those packages of the checkout that npm would install beside this one. */
function installFromCheckout(home: string, tarball: string): void {
  const folder = path.join(home, "node_modules", "understudy");
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", folder]);
  const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { readonly dev?: boolean }>;
  };
  for (const [place, { dev }] of Object.entries(packages)) {
    const isTop = place.lastIndexOf("node_modules/") === 0;
    if (dev || !isTop || !existsSync(path.join(root, place))) continue;
    mkdirSync(path.dirname(path.join(home, place)), { recursive: true });
    symlinkSync(path.join(root, place), path.join(home, place), "dir");
  }
}
