/** A TurtleBot3 behind rosbridge: types, the firmware's quantum, zeros whenever in doubt. */

import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { Cable } from "../../../bench/faults/cable.ts";
import { decodeRosImage, layersOf } from "../../../bridge/adapters/ros-image.ts";
import { quantised, Rosbridge, velocityMessage } from "../../../bridge/adapters/rosbridge.ts";
import { monotonic_s } from "../../../bridge/clock.ts";
import { drive, smallCamera } from "../../policies/tiny-policies.ts";
import { closeAfterEach, until } from "../support.ts";
import { reasonOf } from "./support.ts";

const open = closeAfterEach();

describe("velocities", () => {
  it("come out of the firmware's int(100 * v) as the nearest hundredth", () => {
    for (let steps = -300; steps <= 300; steps++) {
      for (const off of [-0.004, 0, 0.004]) {
        const sent = quantised(steps / 100 + off);
        expect(Math.trunc(sent * 100) + 0).toBe(steps + 0);
        expect(Math.abs(sent - steps / 100)).toBeLessThan(1e-6);
      }
    }
  });

  it("are a Twist up to Humble, a TwistStamped from Jazzy on", () => {
    const twist = { linear: { x: 0.1, y: 0, z: 0 }, angular: { x: 0, y: 0, z: -0.5 } };
    expect(JSON.parse(velocityMessage("/cmd_vel", "Twist", 0.1, -0.5))).toEqual({
      op: "publish",
      topic: "/cmd_vel",
      msg: twist,
    });
    const { msg } = JSON.parse(velocityMessage("/cmd_vel", "TwistStamped", 0.1, -0.5));
    expect(msg).toEqual({
      header: { stamp: { sec: 0, nanosec: 0 }, frame_id: "base_link" },
      twist,
    });
  });
});

/** A rosbridge server that notes what it is told. */
async function rosbridge(port = 0) {
  const server = new WebSocketServer({ port, host: "127.0.0.1" });
  await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  const heard: Record<string, unknown>[] = [];
  const clients: WebSocket[] = [];
  server.on("connection", (socket) => {
    clients.push(socket);
    socket.on("message", (data) => heard.push(JSON.parse(String(data))));
  });
  const close = async () => {
    for (const socket of clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  const at = (server.address() as AddressInfo).port;
  const speeds = () =>
    heard.filter(({ op }) => op === "publish").map(({ msg }) => (msg as Twist).linear.x);
  return { url: `ws://127.0.0.1:${at}`, port: at, heard, clients, speeds, close };
}
type Twist = { linear: { x: number } };

function robotAt(url: string, watchdog_s = 30) {
  const log: string[] = [];
  const seen: unknown[] = [];
  const robot = new Rosbridge({
    output: drive,
    url,
    twist: "Twist",
    topics: { "/odom": "nav_msgs/msg/Odometry" },
    onMessage: (topic, message) => seen.push([topic, message]),
    watchdog_s,
    reconnect_ms: 20,
    log: (line) => log.push(line),
  });
  open.push(() => robot.close());
  return { robot, log, seen };
}

describe("a robot", () => {
  it("advertises, subscribes, stands, drives when told, and stands at the end", async () => {
    const ros = await rosbridge();
    open.push(() => ros.close());
    const { robot, seen } = robotAt(ros.url);
    await until(() => ros.speeds().length > 2, 30_000);
    expect(ros.heard.slice(0, 2)).toEqual([
      { op: "advertise", topic: "/cmd_vel", type: "geometry_msgs/msg/Twist" },
      { op: "subscribe", topic: "/odom", type: "nav_msgs/msg/Odometry", queue_length: 1 },
    ]);
    expect(new Set(ros.speeds())).toEqual(new Set([0]));
    ros.clients[0].send(JSON.stringify({ op: "publish", topic: "/odom", msg: { a: 1 } }));
    await until(() => seen.length === 1, 30_000);
    robot.observed();
    robot.drive(Float32Array.of(0.5, 0));
    await until(() => ros.speeds().at(-1) === 0.2, 30_000);
    await robot.close();
    await until(() => ros.speeds().at(-1) === 0, 30_000);
  });

  it("says zeros first when a lost connection is back", async () => {
    const ros = await rosbridge();
    const { robot } = robotAt(ros.url);
    await until(() => robot.connected, 30_000);
    robot.observed();
    robot.drive(Float32Array.of(1, 0));
    await ros.close();
    await until(() => !robot.connected, 30_000);
    expect([...robot.command()]).toEqual([0, 0]);
    const again = await rosbridge(ros.port);
    open.push(() => again.close());
    await until(() => again.speeds().length > 1, 30_000);
    expect(new Set(again.speeds())).toEqual(new Set([0]));
  });

  it("stands, and takes in nothing, while a connection holds back what is said", async () => {
    const ros = await rosbridge();
    open.push(() => ros.close());
    const cable = await Cable.to(ros.port);
    const { robot, log, seen } = robotAt(cable.endpoint.replace("tcp:", "ws:"), 1);
    await until(() => ros.speeds().length > 2, 30_000);
    // a student that sees and answers all the time
    const student = setInterval(() => {
      robot.observed();
      robot.drive(Float32Array.of(0.5, 0));
    }, 20);
    open.push(() => clearInterval(student));
    await until(() => ros.speeds().at(-1) === 0.2, 30_000);
    cable.stall();
    const before = ros.speeds().length;
    ros.clients[0].send(JSON.stringify({ op: "publish", topic: "/odom", msg: { held: true } }));
    await until(() => log.includes("rosbridge: no answer for 1 s, standing still"), 30_000);
    expect([...robot.command()]).toEqual([0, 0]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(student);
    cable.mend();
    await until(() => ros.speeds().length > before + 100, 30_000);
    const late = ros.speeds().slice(before);
    // what was said in the first second, and no more
    expect(late.lastIndexOf(0.2)).toBeLessThan(late.length - 1);
    expect(late.filter((speed) => speed !== 0).length).toBeLessThan(1.5 * 70);
    expect(seen).toEqual([]);
    // it comes and goes as before once pings are answered in time
    await until(() => {
      ros.clients[0].send(JSON.stringify({ op: "publish", topic: "/odom", msg: {} }));
      robot.observed();
      robot.drive(Float32Array.of(0.5, 0));
      return seen.length > 0 && ros.speeds().at(-1) === 0.2;
    }, 30_000);
  });

  it("hangs up on a connection that stays silent, and connects anew", async () => {
    const ros = await rosbridge();
    open.push(() => ros.close());
    const cable = await Cable.to(ros.port);
    const { robot } = robotAt(cable.endpoint.replace("tcp:", "ws:"), 0.2);
    await until(() => ros.speeds().length > 2, 30_000);
    cable.stall();
    await until(() => !robot.connected, 30_000);
    cable.mend();
    await until(() => ros.clients.length > 1 && robot.connected, 30_000);
  });

  it("obeys, and watches, where the watchdog is undefined", () => {
    const unset = { watchdog_s: undefined } as object;
    const robot = new Rosbridge({ output: drive, url: "ws://127.0.0.1:9", ...unset });
    open.push(() => robot.close());
    const now_s = monotonic_s();
    robot.observed(now_s);
    robot.drive(Float32Array.of(1, 0));
    expect(robot.command(now_s + 0.2)[0]).toBe(1);
    expect(robot.command(now_s + 0.3)[0]).toBe(0);
  });

  it.each([
    ["what is not JSON", "{", "not JSON"],
    ["a topic that nobody asked for", '{"op":"publish","topic":"/x","msg":{}}', "unknown endpoint"],
    ["an operation that is none", '{"op":"fragment"}', "unknown endpoint"],
    ["a list", "[]", "not a map"],
  ])("stops at %s, with a line and a count", async (_, message, why) => {
    const { robot, log } = robotAt("ws://127.0.0.1:9");
    robot.observed();
    robot.drive(Float32Array.of(1, 0));
    expect(robot.command()[0]).toBe(1);
    expect(robot.take(Buffer.from(message))?.reason).toBe(why);
    expect([...robot.command()]).toEqual([0, 0]);
    expect(log.some((line) => line.includes(why))).toBe(true);
  });
});

describe("images", () => {
  const message = (encoding: string, bytes: Uint8Array, width: number, step: number) => ({
    header: { stamp: { sec: 3, nanosec: 500_000_000 } },
    height: 2,
    width,
    encoding,
    is_bigendian: 0,
    step,
    data: Buffer.from(bytes).toString("base64"),
  });

  it("become role layers: millimetres and roles in, inverse metres out", () => {
    // 2 x 2 pixels; 500 mm, 2000 mm, a hole, 1000 mm
    const depth = decodeRosImage(
      message("16UC1", new Uint8Array(Uint16Array.of(500, 2000, 0, 1000).buffer), 2, 4),
    );
    const roles = decodeRosImage(message("mono8", Uint8Array.of(1, 2, 1, 0), 2, 2));
    expect(depth.stamp_s).toBe(3.5);
    const camera = { ...smallCamera, width: 2 };
    expect([...layersOf(depth, roles, camera)]).toEqual([2, 0, 0, 0, 0, 0.5, 0, 0]);
    expect(reasonOf(() => layersOf(roles, depth, camera))).toBe("wrong dtype");
  });

  it("are refused in another encoding, or with padding", () => {
    const bytes = new Uint8Array(12);
    expect(reasonOf(() => decodeRosImage(message("rgb8", bytes, 2, 6)))).toBe("wrong dtype");
    expect(reasonOf(() => decodeRosImage(message("mono8", bytes, 2, 6)))).toBe("wrong shape");
  });
});
