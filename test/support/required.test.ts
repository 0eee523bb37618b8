import { afterEach, expect, it, vi } from "vitest";
import { insistOn, isRequired } from "./required.ts";

afterEach(() => vi.unstubAllEnvs());

it("fails for want of what CI has promised, and of nothing else", () => {
  vi.stubEnv("UNDERSTUDY_CI", "ffmpeg python");
  expect(() => insistOn("python", "there is none")).toThrow(
    /^UNDERSTUDY_CI promises python, but there is none\.$/,
  );
  expect(() => insistOn("chromium", "there is none")).not.toThrow();
  expect(isRequired("ffmpeg")).toBe(true);
});

it("asks developers for nothing", () => {
  vi.stubEnv("UNDERSTUDY_CI", undefined);
  expect(() => insistOn("chromium", "there is none")).not.toThrow();
});
