import { expect, it } from "vitest";
import { type FromWorker, undisturbed } from "../../viewer/messages.ts";
import { Studio } from "../../viewer/worker/studio.ts";

it("sends the episode before once more where a file is none: the page took what was under way for out of date", async () => {
  const sent: FromWorker[] = [];
  const studio = new Studio((message) => sent.push(message));
  const count = (type: FromWorker["type"]) => sent.filter((one) => one.type === type).length;
  const driver = { kind: "demo" } as const;
  const opening = { scene: "reach-box", settings: [], seed: 1, start: 0, driver };
  studio.take({ type: "open live", run: 1, ...opening, disturbance: undisturbed });
  studio.take({ type: "step" });
  studio.take({ type: "step" });
  const file = new TextEncoder().encode("{");
  studio.take({ type: "open replay", run: 2, file, source: "broken.json", number: 0 });
  await expect.poll(() => count("failed")).toBe(1);

  const [again, failed] = sent.slice(-2);
  expect(again).toMatchObject({ type: "opened", run: 2, replay: undefined, resumed: true });
  expect(again).toHaveProperty("frames.length", 3);
  expect(failed).toMatchObject({ run: 2, message: expect.stringContaining("broken.json") });
  // and it goes on
  studio.take({ type: "look", frame: 2, noise: false });
  studio.take({ type: "step" });
  await expect.poll(() => count("frame")).toBe(3);
  expect(sent.slice(-2)).toMatchObject([
    { type: "sight", run: 2 },
    { type: "frame", run: 2 },
  ]);
});
