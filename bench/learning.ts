/**
 * Trains what is claimed about learning from nothing and judges it on starts never trained on.
 *
 * `npx tsx bench/learning.ts` lists the studies; `npx tsx bench/learning.ts cross` runs one, with `--seeds 1,2,3`,
 * `--variants cubes,prisms`, `--episodes 1024`, and `--share 0.02` to see whether it runs at all. A killed study goes on where it was, to the
 * bit, from `runs/learning/`, and what two variants have in common is trained once; `bench/results/learning-<study>.json` holds what is done so far,
 * by whichever call, of what the study still asks for.
 */

import { parseArgs } from "node:util";
import { openPool } from "../cli/run-options.ts";
import { ConfigError } from "../core/errors.ts";
import { readResults, writeResults } from "./harness.ts";
import { type JobResult, planOf, runJob } from "./learning/job.ts";
import { headlinesOf, reportOf } from "./learning/report.ts";
import { type Study, studies, type Variant } from "./learning/studies.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "1,2,3" },
    variants: { type: "string" },
    episodes: { type: "string", default: "1024" },
    share: { type: "string", default: "1" },
    folder: { type: "string", default: "runs/learning" },
  },
});

const [name] = positionals;
if (name === undefined) {
  for (const study of studies) {
    console.log(`${study.name}: ${study.question}`);
    for (const variant of study.variants) console.log(`  ${variant.name}`);
  }
} else {
  try {
    await run(studyOf(name));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function studyOf(wanted: string): Study {
  const study = studies.find((one) => one.name === wanted);
  if (study) return study;
  const names = studies.map((one) => one.name).join(", ");
  throw new ConfigError(`Unknown study "${wanted}". Studies: ${names}.`);
}

/** All of them, or those that `--variants` names. */
function variantsOf({ name: study, variants }: Study): readonly Variant[] {
  const wanted = values.variants?.split(",");
  const names = variants.map(({ name }) => name);
  const unknown = wanted?.find((one) => !names.includes(one));
  if (unknown === undefined) return variants.filter(({ name }) => wanted?.includes(name) ?? true);
  throw new ConfigError(
    `Unknown variant "${unknown}" of "${study}". Variants: ${names.join(", ")}.`,
  );
}

async function run(study: Study): Promise<void> {
  const seeds = values.seeds.split(",").map(Number);
  const variants = variantsOf(study);
  const share = Number(values.share);
  const pool = openPool(undefined);
  let results = share === 1 ? earlierOf(study) : [];
  for (const variant of variants) {
    for (const seed of seeds) {
      const label = `${variant.name}, seed ${seed}`;
      const say = (line: string) => void process.stderr.write(`${study.name}, ${label}: ${line}\n`);
      const episodes = Number(values.episodes);
      const { folder } = values;
      const command = `npx tsx bench/learning.ts ${study.name} --variants "${variant.name}" --seeds ${seed}`;
      const job = { variant, seed, folder, pool, episodes, share, command, say };
      const found = await runJob(job);
      results = [...results.filter(({ asked }) => asked !== found.asked), found].sort(
        (a, b) => a.seed - b.seed,
      );
      // a trial run leaves no figures behind
      if (share === 1) writeResults(`learning-${study.name}`, reportOf(study, results));
    }
  }
  await pool.close();
  for (const { what, value, against } of headlinesOf(study, results)) {
    console.log(`${what}: ${value}${against ? ` (${against})` : ""}`);
  }
}

/** What the file of results holds already, less what the study does not ask for any more. */
function earlierOf({ name: study, variants }: Study): JobResult[] {
  const earlier = readResults<{ readonly results: readonly JobResult[] }>(`learning-${study}`);
  return (earlier?.results ?? []).filter(({ variant: of, seed, asked, ...judged }) => {
    const variant = variants.find(({ name }) => name === of);
    const episodes = (judged.student ?? judged.teacher)?.success.trials ?? 0;
    return variant && asked === planOf({ variant, seed, episodes, share: 1 }).asked;
  });
}
