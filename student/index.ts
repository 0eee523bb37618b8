/** Public face of student/. In this repository, import from the file itself. */

export { type BundledStudent, readBundledStudent } from "./bundled.ts";
export { readStudent, type StudentProgress } from "./checkpoint.ts";
export {
  type FineTuneConfig,
  fineTuneConfig,
  type StudentConfig,
  studentConfig,
} from "./config.ts";
export { distillStudent, type Student, type StudentRun } from "./distill.ts";
export { exportStudent, type StudentExport } from "./export.ts";
export { type FineTuneRun, fineTuneStudent } from "./fine-tune.ts";
export { studentInterface } from "./interface.ts";
export { studentActor } from "./student.ts";
