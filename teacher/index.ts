/** Public face of teacher/. In this repository, import from the file itself. */

export { readTeacher, type TeacherProgress } from "./checkpoint.ts";
export { type TeacherConfig, teacherConfig } from "./config.ts";
export { type Teacher, type TeacherRun, trainTeacher } from "./ppo.ts";
