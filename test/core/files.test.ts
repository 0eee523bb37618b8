import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { FileError } from "../../core/errors.ts";
import {
  claimFile,
  entriesOf,
  isFolder,
  statsOf,
  writeFileWhole,
  writeFolderWhole,
} from "../../core/files.ts";
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

it("what cannot be looked at is not there", () => {
  const home = path.join(folder, "home");
  const file = path.join(home, "file");
  writeFileWhole(file, "12");
  symlinkSync("gone", path.join(home, "dangling"));
  symlinkSync("circle", path.join(home, "circle"));
  const names = (at: string) => entriesOf(at).map(({ name }) => name);
  expect(names(home).sort()).toEqual(["circle", "dangling", "file"]);
  for (const at of [file, path.join(home, "gone"), path.join(home, "circle")]) {
    expect(names(at), at).toEqual([]);
  }
  expect(statsOf(file)?.size).toBe(2);
  for (const at of [home, "gone", "dangling", "circle"].map((name) => path.join(home, name))) {
    expect(statsOf(at), at).toBeUndefined();
  }
});

it("a folder is told from a file, and from nothing", () => {
  const file = path.join(folder, "file");
  writeFileWhole(file, "");
  expect([folder, file, path.join(file, "below"), path.join(folder, "none")].map(isFolder)).toEqual(
    [true, false, false, false],
  );
});

describe("a folder written whole", () => {
  const names = ["a.txt", "b.txt"];
  const fill = (text: string) => (beside: string) =>
    names.forEach((name) => void writeFileSync(path.join(beside, name), text));
  const textsIn = (place: string) =>
    readdirSync(place).map((name) => [name, readFileSync(path.join(place, name), "utf8")]);

  it("takes the place of an earlier one, whichever way its name ends, and leaves nothing beside it", async () => {
    const parent = path.join(folder, "bundles");
    const place = path.join(parent, "one");
    await writeFolderWhole(place, names, fill("first"));
    await writeFolderWhole(`${place}${path.sep}`, names, fill("second"));
    expect(textsIn(place)).toEqual(names.map((name) => [name, "second"]));
    expect(readdirSync(parent)).toEqual(["one"]);
  });

  it("never takes the place of one that holds anything else, nor of a file", async () => {
    const run = path.join(folder, "run");
    writeFileWhole(path.join(run, "student.ckpt"), "weights of a night");
    const filled: string[] = [];
    const bundle = writeFolderWhole(run, names, (beside) => void filled.push(beside));
    await expect(bundle).rejects.toThrow(FileError);
    await expect(bundle).rejects.toThrow(
      /holds "student\.ckpt", which would be lost\. Give a new folder/,
    );
    expect([filled, readdirSync(run)]).toEqual([[], ["student.ckpt"]]);
    const file = path.join(run, "student.ckpt");
    await expect(writeFolderWhole(file, names, fill("x"))).rejects.toThrow(/is a file/);
  });

  it("is as it was where filling fails", async () => {
    const place = path.join(folder, "kept");
    await writeFolderWhole(place, names, fill("first"));
    const failing = writeFolderWhole(place, names, () => Promise.reject(new Error("no ink")));
    await expect(failing).rejects.toThrow("no ink");
    expect(textsIn(place)).toEqual(names.map((name) => [name, "first"]));
    expect(readdirSync(folder).filter((name) => name.startsWith("kept"))).toEqual(["kept"]);
  });
});

it("a file's place is claimed before the work, and a folder there is refused", () => {
  const file = path.join(folder, "runs", "deep", "teacher.ckpt");
  claimFile(file);
  expect([isFolder(path.dirname(file)), existsSync(file)]).toEqual([true, false]);
  expect(() => claimFile(path.dirname(file))).toThrow(/is a folder\. Give the name of a file/);
});
