import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { isFolder, writeFileWhole } from "../../core/files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe("a file written whole", () => {
  it("replaces what was there and leaves nothing beside it", () => {
    const file = path.join(folder, "new", "notes.txt");
    writeFileWhole(file, "first");
    writeFileWhole(file, Uint8Array.of(0x32));
    expect(readFileSync(file, "utf8")).toBe("2");
    expect(readdirSync(path.dirname(file))).toEqual(["notes.txt"]);
  });

  it.skipIf(process.platform === "win32")("has its mode, whatever lay beside it", () => {
    const file = path.join(folder, "secret");
    // left over from a crash, and open to everybody
    writeFileSync(`${file}.${process.pid}.partial`, "half");
    writeFileWhole(file, "whole", 0o600);
    expect([readFileSync(file, "utf8"), modeOf(file)]).toEqual(["whole", 0o600]);
  });

  it("that cannot be put in its place leaves nothing behind", () => {
    const taken = path.join(folder, "taken");
    writeFileWhole(path.join(taken, "inside"), "");
    expect(() => writeFileWhole(taken, "over a folder")).toThrow();
    expect(existsSync(`${taken}.${process.pid}.partial`)).toBe(false);
  });
});

it("a folder is told from a file, and from nothing", () => {
  const file = path.join(folder, "file");
  writeFileWhole(file, "");
  expect([folder, file, path.join(file, "below"), path.join(folder, "none")].map(isFolder)).toEqual(
    [true, false, false, false],
  );
});
