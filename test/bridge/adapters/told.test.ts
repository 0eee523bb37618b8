/** What a student is told besides its images, a goal or a memory, over every protocol; or why it is refused. */

import { describe, expect, it } from "vitest";
import { arrayIn, encodeRequest } from "../../../bridge/adapters/gr00t-messages.ts";
import { Gr00tService } from "../../../bridge/adapters/gr00t-server.ts";
import {
  decodeObservation,
  encodeObservation,
  lekiwiWires,
  restingJoints,
} from "../../../bridge/adapters/lekiwi-messages.ts";
import { isMap, unpack } from "../../../bridge/adapters/msgpack.ts";
import { ndarray } from "../../../bridge/adapters/numpy.ts";
import { encodeOpenpi } from "../../../bridge/adapters/openpi-messages.ts";
import { OpenpiConversation } from "../../../bridge/adapters/openpi-server.ts";
import { onlyCamera, toldInputs } from "../../../bridge/adapters/policy-session.ts";
import { ToldByTopics } from "../../../bridge/adapters/told-by-topics.ts";
import { runConfigSchema, simulationOf } from "../../../cli/run-config.ts";
import { SimulatedLeKiwi } from "../../../cli/simulated-lekiwi.ts";
import { numberNames, type PolicyInput } from "../../../policies/manifest.ts";
import { createRuntime } from "../../../policies/runtime/runtime.ts";
import { studentInterface } from "../../../student/interface.ts";
import { drive, drivenBy, smallLayers } from "../../policies/tiny-policies.ts";
import { reasonOf } from "./support.ts";

const goal: PolicyInput = {
  name: "goal",
  shape: [4],
  dtype: "float32",
  columns: [
    { name: "offset", width: 2, unit: "m" },
    { name: "yaw", width: 2 },
  ],
};
const columns = drive.columns.map(({ name, width }) => ({ name, width }));
const previous: PolicyInput = {
  name: "previous",
  shape: [2],
  dtype: "float32",
  low: -1,
  high: 1,
  columns,
};
const manifest = drivenBy([smallLayers, previous, goal]);
const told = Float32Array.of(0.5, -0.25, 0, 1);

/** A student that notes the goals that it is told. */
function student() {
  const goals: number[][] = [];
  const policy = createRuntime(manifest, {
    inputNames: ["layers", "previous", "goal"],
    outputNames: ["action"],
    async run(feeds) {
      goals.push([...feeds.goal.data]);
      return { action: Float32Array.of(0, 0) };
    },
    close: async () => {},
  });
  return { policy, goals };
}

describe("a goal", () => {
  const layers = new Float32Array(16);
  const missing = 'Expected "goal" of shape [4], which was not sent.';

  it("comes as state over GR00T, nested or flat", async () => {
    const { policy, goals } = student();
    const service = new Gr00tService({ policy });
    const video = { layers: ndarray(layers, [1, 1, 2, 2, 4]) };
    const ask = async (data: Record<string, unknown>) =>
      unpack(await service.answer([encodeRequest("get_action", data, undefined)]));
    const state = { goal: ndarray(told, [1, 1, 4]) };
    const [action] = (await ask({ observation: { video, state } })) as unknown[];
    expect(isMap(action as never) && arrayIn(action as never, "action")?.shape).toEqual([1, 1, 2]);
    await ask({
      "video.layers": ndarray(layers, [1, 2, 2, 4]),
      "state.goal": ndarray(told, [1, 4]),
    });
    expect(goals).toEqual([[...told], [...told]]);
    const refused = await ask({ observation: { video, state: {} } });
    expect(isMap(refused) && refused.get("error")).toBe(missing);
  });

  it("comes under its name over openpi", async () => {
    const { policy, goals } = student();
    const conversation = new OpenpiConversation(policy);
    const image = ndarray(layers, [2, 2, 4]);
    await conversation.answer(
      encodeOpenpi({ "observation/layers": image, "observation/goal": ndarray(told, [4]) }),
    );
    expect(goals).toEqual([[...told]]);
    const without = conversation.answer(encodeOpenpi({ "observation/layers": image }));
    await expect(without).rejects.toThrow(missing);
  });

  it.each(lekiwiWires)("comes as numbers beside the state of a LeKiwi, wire %s", (wire) => {
    const names = numberNames(goal);
    expect(names).toEqual(["goal.offset_0", "goal.offset_1", "goal.yaw_0", "goal.yaw_1"]);
    const numbers = Object.fromEntries(names.map((name, i) => [name, told[i]]));
    const twist = { forward_mps: 0.125, left_mps: 0, turn_radps: 0 };
    const state = { joints: restingJoints, ...twist, told: numbers };
    const frames = encodeObservation({ wire, state, cameras: new Map() });
    expect(decodeObservation(frames).state).toEqual(state);
    const { told: _, ...bare } = state;
    const plain = encodeObservation({ wire, state: bare, cameras: new Map() });
    expect(decodeObservation(plain).state).toEqual(bare);
    const many = Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`n${i}`, i]));
    const flood = encodeObservation({ wire, state: { ...bare, told: many }, cameras: new Map() });
    expect(reasonOf(() => decodeObservation(flood))).toBe("oversize");
  });

  it("comes at a topic of a TurtleBot3, and must be fresh", () => {
    const topics = new ToldByTopics(toldInputs(manifest), { goal: "/target" });
    expect(topics.topics).toEqual({ "/target": "std_msgs/msg/Float32MultiArray" });
    expect(topics.take("/odom", {}, 1)).toBe(false);
    expect(topics.row("goal", 1)).toBeUndefined();
    expect(topics.take("/target", { data: [...told] }, 1)).toBe(true);
    expect(topics.row("goal", 1.5)).toEqual(ndarray(told, [4]));
    expect(topics.row("goal", 1.51)).toBeUndefined();
    expect(reasonOf(() => topics.take("/target", { data: [1, 2, 3] }, 2))).toBe("wrong shape");
    expect(reasonOf(() => topics.take("/target", { data: [1, 2, 3, null] }, 2))).toBe("not finite");
    expect(Object.keys(new ToldByTopics([goal]).topics)).toEqual(["/understudy/goal"]);
  });
});

it("the simulated LeKiwi tells a student all that it is told in simulation", async () => {
  const simulation = simulationOf("push-line", runConfigSchema("push-line").parse({}), 0);
  const robot = studentInterface("push-line", simulation.config, { lastSeen: true });
  const inputs = toldInputs(robot);
  expect(inputs.map(({ name }) => name)).toEqual(["goal", "lastSeen"]);
  const body = await SimulatedLeKiwi.open(simulation, robot, 0);
  const { state } = body;
  body.free();
  expect(Object.keys(state.told ?? {})).toEqual(inputs.flatMap(numberNames));
  // the yaw is a sine and a cosine
  const [sine, cosine] = [state.told?.["goal.yaw_0"] ?? 0, state.told?.["goal.yaw_1"] ?? 0];
  expect(Math.hypot(sine, cosine)).toBeCloseTo(1, 5);
  const frames = encodeObservation({ wire: "0.6.1", state, cameras: new Map() });
  expect(decodeObservation(frames).state.told).toEqual(state.told);
});

it("a robot of one camera refuses students of none or of two, in a sentence", () => {
  expect(onlyCamera(manifest).input.name).toBe("layers");
  expect(() => onlyCamera(drivenBy([goal]))).toThrow(
    'Policy "tiny" looks at no camera, this robot has one. Serve it over understudy/1, GR00T or openpi.',
  );
  const two = drivenBy([smallLayers, { ...smallLayers, name: "rear" }]);
  expect(() => onlyCamera(two)).toThrow("looks at 2 cameras");
});
