/** `understudy scenes [scene]`: what can be trained, and what each scene lets you set and see. */

import { type Setting, settingsOf } from "../../core/settings.ts";
import { assembleScene, type Scene } from "../../sim/scene.ts";
import { findScene, listedScenes } from "../../sim/scenes/index.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { moduleOption } from "../modules.ts";
import { type ObservationGroup, observationGroupsOf } from "../observation-groups.ts";
import { formatTable } from "../table.ts";

interface SceneFacts {
  readonly name: string;
  readonly summary: string;
  readonly bodies: readonly string[];
  readonly stages: readonly { name: string; budgetSteps: number; terms: readonly string[] }[];
  readonly groups: readonly ObservationGroup[];
  readonly settings: readonly Setting[];
}

export const scenes = defineCommand({
  examples: [
    ["scenes", "list the scenes"],
    ["scenes push-pair", "show what one scene pays for, shows and lets you set"],
    ["scenes --module ./visit-two.ts", "list those of a module of your own, too"],
  ],
  positionals: ["scene"],
  options: { ...moduleOption, ...jsonOption },
  run({ positionals: [name], report }) {
    if (name === undefined) {
      const all = listedScenes().map(factsOf);
      return report(all, () => overview(all));
    }
    const facts = factsOf(findScene(name));
    report(facts, () => details(facts));
  },
});

function factsOf(scene: Scene): SceneFacts {
  const assembled = assembleScene(scene);
  return {
    name: scene.name,
    summary: scene.summary,
    bodies: assembled.cast.bodies.map((body) => body.name),
    stages: assembled.stages.map(({ name, budgetSteps, terms }) => ({
      name,
      budgetSteps,
      terms: Object.keys(terms),
    })),
    groups: observationGroupsOf(assembled),
    settings: settingsOf(scene.config),
  };
}

function overview(all: readonly SceneFacts[]): string {
  const columns = [{ title: "scene" }, { title: "task" }, { title: "stages" }];
  const rows = all.map(({ name, summary, stages }) => [
    name,
    summary,
    stages.map((stage) => stage.name).join(", "),
  ]);
  return `${formatTable(columns, rows)}\nMore about one: understudy scenes ${all[0].name}\n`;
}

function details({ name, summary, bodies, stages, groups, settings }: SceneFacts): string {
  const stageTable = formatTable(
    [{ title: "stage" }, { title: "control steps", align: "right" }, { title: "pays for" }],
    stages.map((stage) => [stage.name, String(stage.budgetSteps), stage.terms.join(", ")]),
  );
  const groupTable = formatTable(
    [{ title: "observation group" }, { title: "row", align: "right" }],
    groups.map((group) => [group.name, group.row.join(" x ")]),
  );
  const settingTable = formatTable(
    [{ title: "setting" }, { title: "default", align: "right" }, { title: "meaning" }],
    settings.map((s) => [s.path, s.default ?? "–", s.description || s.type]),
  );
  const head = `${name}: ${summary}\nBodies: robot, ${bodies.join(", ")}\n`;
  return [head, stageTable, groupTable, settingTable].join("\n");
}
