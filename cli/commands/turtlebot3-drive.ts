/** `understudy turtlebot3-drive`: a bundle drives a TurtleBot3 through rosbridge. */

import { ndarray } from "../../bridge/adapters/numpy.ts";
import { onlyCamera, PolicySession, toldInputs } from "../../bridge/adapters/policy-session.ts";
import { Rhythm } from "../../bridge/adapters/rhythm.ts";
import { decodeRosImage, layersOf, type RosImage } from "../../bridge/adapters/ros-image.ts";
import { defaultRosbridge, Rosbridge, twistTypes } from "../../bridge/adapters/rosbridge.ts";
import { ToldByTopics } from "../../bridge/adapters/told-by-topics.ts";
import { monotonic_s } from "../../bridge/clock.ts";
import type { PolicyRuntime } from "../../policies/runtime/runtime.ts";
import { drivenReport, namesOf, policyOptions, withCameraPolicy } from "../adapt.ts";
import { type Context, defineCommand, jsonOption, type Options } from "../command.ts";
import { untilAborted } from "../until-aborted.ts";

const imageType = "sensor_msgs/msg/Image";
/** Depth and roles must be of the same moment. */
const sameMoment_s = 0.05;

const options = {
  ...policyOptions,
  rosbridge: { type: "string", default: defaultRosbridge, description: "its WebSocket" },
  twist: {
    type: "string",
    choices: twistTypes,
    default: "TwistStamped",
    description: "type of the command topic: Twist up to Humble, TwistStamped from Jazzy on",
  },
  command_topic: { type: "string", default: "/cmd_vel", description: "where to say velocities" },
  depth_topic: {
    type: "string",
    default: "/camera/depth/image_rect_raw",
    description: "depth image, 32FC1 or 16UC1",
  },
  roles_topic: {
    type: "string",
    default: "/understudy/roles",
    description: "image of the same view with the number of the role in each pixel, 8UC1",
  },
  topics: {
    type: "string",
    description:
      "input=/topic,...: what a student is told besides, as Float32MultiArray; /understudy/INPUT",
  },
  ...jsonOption,
} as const satisfies Options;

type DriveContext = Context<typeof options>;

export const turtlebot3Drive = defineCommand({
  examples: [
    ["turtlebot3-drive --policy policies/zoo/push-pair", "ROS 2 Jazzy, rosbridge on this machine"],
    ["turtlebot3-drive --policy policies/zoo/push-pair --twist Twist", "ROS 2 Humble"],
  ],
  options,
  run: (context) => withCameraPolicy(context, drive),
});

/** Answers images until somebody ends it. */
async function drive(
  { options, signal, io, report }: DriveContext,
  policy: PolicyRuntime,
): Promise<void> {
  const { input, camera } = onlyCamera(policy.manifest);
  const session = new PolicySession(policy);
  const seen: { depth?: RosImage; roles?: RosImage } = {};
  const told = new ToldByTopics(toldInputs(policy.manifest), namesOf(options.topics));
  const rhythm = new Rhythm(policy.manifest.controlStep_s);
  let [busy, actions] = [false, 0];
  const robot = new Rosbridge({
    output: policy.manifest.output,
    url: options.rosbridge,
    twist: options.twist,
    commandTopic: options.command_topic,
    topics: {
      ...told.topics,
      [options.depth_topic]: imageType,
      [options.roles_topic]: imageType,
    },
    log: (line) => io.err(`${line}\n`),
    onMessage(topic, message) {
      if (told.take(topic, message, monotonic_s())) return;
      seen[topic === options.depth_topic ? "depth" : "roles"] = decodeRosImage(message);
      if (!busy) void act();
    },
  });
  const act = async () => {
    const { depth, roles } = seen;
    if (!depth || !roles || Math.abs(depth.stamp_s - roles.stamp_s) > sameMoment_s) return;
    if (!rhythm.begins(monotonic_s())) return;
    busy = true;
    robot.observed();
    delete seen.depth;
    try {
      const image = ndarray(layersOf(depth, roles, camera), input.shape);
      const now_s = monotonic_s();
      const find = (name: string) => (name === input.name ? image : told.row(name, now_s));
      robot.drive(await session.actOnce(find, 0));
      actions++;
    } catch (error) {
      robot.stop();
      robot.refusals.add(error);
    }
    busy = false;
  };
  await untilAborted(signal);
  await robot.close();
  drivenReport(report, { seen: "images", actions, refusals: robot.refusals });
}
