import { expect, it } from "vitest";
import { closingAfter } from "../../core/closing.ts";

/** Things that say when they are closed; those named "stuck" cannot be. */
function things() {
  const closed: string[] = [];
  const thing = (name: string) => ({
    name,
    async close() {
      closed.push(name);
      if (name === "stuck") throw new Error("it is stuck");
    },
  });
  return { closed, thing };
}

it("closes what was kept, the latest first, and returns what came of the work", async () => {
  const { closed, thing } = things();
  const found = await closingAfter(async (keep) => {
    const { name } = keep(thing("first"));
    keep(thing("second"));
    expect(closed).toEqual([]);
    return name;
  });
  expect([found, closed]).toEqual(["first", ["second", "first"]]);
});

it("closes everything after an error, and throws the first that happened", async () => {
  const { closed, thing } = things();
  const failed = closingAfter(async (keep) => {
    keep(thing("first"));
    keep(thing("stuck"));
    throw new Error("the work failed");
  });
  await expect(failed).rejects.toThrow("the work failed");
  expect(closed).toEqual(["stuck", "first"]);
  const unclosed = closingAfter(async (keep) => {
    keep(thing("first"));
    keep(thing("stuck"));
  });
  await expect(unclosed).rejects.toThrow("it is stuck");
  expect(closed).toEqual(["stuck", "first", "stuck", "first"]);
});
