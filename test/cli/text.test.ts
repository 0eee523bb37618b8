import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatCommand,
  formatCount,
  formatDuration,
  formatPercent,
  formatProportion,
} from "../../cli/format.ts";
import { Progress } from "../../cli/progress.ts";
import { formatTable } from "../../cli/table.ts";
import { nearest, typingErrors } from "../../core/nearest.ts";
import { wilson } from "../../core/statistics.ts";

const CLEAR_LINE = "\r\u001b[K";

describe("numbers", () => {
  it("writes a share with its interval and its episodes", () => {
    // by hand, z = 1.96: centre (488/512 + 1.92/512) / (1 + 3.84/512) = 0.9498, half width 0.0184
    expect(formatProportion(wilson(488, 512))).toBe("95.3 % [93.1, 96.8], 512 episodes");
    expect(formatProportion(wilson(0, 0))).toBe("no episodes");
    expect(formatProportion(wilson(1, 1))).toMatch(/, 1 episode$/);
    expect(formatPercent(Number.NaN)).toBe("–");
  });

  it.each([
    [8.43, "8.4 s"],
    [59.96, "1:00"],
    [125, "2:05"],
    [3725, "1:02:05"],
    [Number.POSITIVE_INFINITY, "–"],
  ])("writes %d seconds as %s", (time_s, text) => expect(formatDuration(time_s)).toBe(text));

  it.each([
    [0, "0"],
    [999, "999"],
    [999.7, "1.00k"],
    [31_249, "31.2k"],
    [999_960, "1.00M"],
    [4_500_000, "4.50M"],
    [-2500, "-2.50k"],
    [0.01234, "0.0123"],
  ])("writes %d as %s", (count, text) => expect(formatCount(count)).toBe(text));
});

describe("formatTable", () => {
  it("aligns words left and numbers right", () => {
    const columns = [{ title: "name" }, { title: "rate", align: "right" }] as const;
    expect(formatTable(columns, [["teacher", "97 %"], ["é", "100 %"], ["none"]])).toBe(
      ["name      rate", "───────  ─────", "teacher   97 %", "é        100 %", "none", ""].join(
        "\n",
      ),
    );
  });

  it("never lets a line be wider than the rule", () => {
    const cell = fc.string({ unit: "grapheme-ascii", maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const lines = formatTable([{ title: "a" }, { title: "b", align: "right" }], rows).split(
          "\n",
        );
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(lines[1].length);
      }),
    );
  });
});

describe("nearest", () => {
  it("counts a swap of neighbours as one typing error", () => {
    expect(typingErrors("trian", "train")).toBe(1);
    expect(typingErrors("kitten", "sitting")).toBe(3);
    expect(typingErrors("", "abc")).toBe(3);
  });

  it("does not guess wildly", () => {
    expect(nearest("evalute", ["train", "evaluate"])).toBe("evaluate");
    expect(nearest("zzz", ["train", "evaluate"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });
});

describe("Progress", () => {
  const setUp = (isTTY: boolean) => {
    const clock = { now_s: 0 };
    let text = "";
    const write = (more: string) => {
      text += more;
    };
    const stream = { isTTY, columns: 120, write };
    const progress = new Progress(["teacher", "student"], stream, () => clock.now_s);
    return { clock, progress, text: () => text };
  };

  it("redraws one line on a terminal, with rate, success and time to go", () => {
    const { clock, progress, text } = setUp(true);
    progress.start({ name: "teacher", unit: "steps", total: 100_000 });
    for (let i = 1; i <= 5; i++) {
      clock.now_s = i;
      progress.update(i * 10_000, { success: 0.5, note: "KL 0.01" });
    }
    const last = text().split(CLEAR_LINE).at(-1);
    expect(text()).not.toContain("\n");
    expect(last).toContain("1/2 teacher");
    expect(last).toContain(" 50 %  50.0k/100k steps  10.0k/s  success 50.0 %  KL 0.01  eta 5.0 s");
  });

  it("draws at most ten times a second", () => {
    const { clock, progress, text } = setUp(true);
    progress.start({ name: "teacher", unit: "steps", total: 1000 });
    for (let i = 1; i <= 1000; i++) {
      clock.now_s = i / 1000;
      progress.update(i);
    }
    expect(text().split("\r").length - 1).toBeLessThanOrEqual(11);
  });

  it("writes a whole line every ten seconds into a log", () => {
    const { clock, progress, text } = setUp(false);
    progress.start({ name: "student", unit: "steps" });
    for (let i = 1; i <= 25; i++) {
      clock.now_s = i;
      progress.update(i * 100);
    }
    progress.finish({ success: 0.9 });
    const lines = text().trimEnd().split("\n");
    expect(text()).not.toContain("\r");
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe("✓ 2/2 student  25.0 s  success 90.0 %  2.50k steps, 100/s");
  });

  it("keeps the times of the phases for the report", () => {
    const { clock, progress } = setUp(false);
    progress.start({ name: "teacher", unit: "steps", total: 10 });
    clock.now_s = 3;
    progress.update(10);
    progress.start({ name: "student", unit: "steps", total: 10 });
    expect(progress.finished).toEqual([{ name: "teacher", unit: "steps", done: 10, wall_s: 3 }]);
  });

  it("clears its line before a remark and draws it again below", () => {
    const { progress, text } = setUp(true);
    progress.start({ name: "teacher", unit: "steps", total: 10 });
    progress.say("Resumed from step 5.");
    expect(text()).toContain(`${CLEAR_LINE}Resumed from step 5.\n${CLEAR_LINE}  1/2 teacher`);
  });
});

describe("a command line", () => {
  it("comes back from a shell word by word", () => {
    const words = ["a=1", "--set", "x=[1, 2]", "it's", '"', "$HOME `a` \\", "*"];
    const script = `for word in ${formatCommand(words)}; do printf '%s\\n' "$word"; done`;
    const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8" });
    expect(stdout.split("\n").slice(0, -1)).toEqual(words);
    expect(formatCommand(["npx", "tsx", "bench/nn.ts"])).toBe("npx tsx bench/nn.ts");
  });
});
