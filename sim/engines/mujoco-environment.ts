/** One environment of a scene in MuJoCo: a model, its state, and views of both. */

import type { MainModule, MjData, MjModel } from "@mujoco/mujoco";

/** MuJoCo's memory moves when it grows, so views are taken anew where they have become empty. */
export class MujocoEnvironment {
  readonly model: MjModel;
  readonly data: MjData;
  readonly #mujoco: MainModule;
  #qpos = new Float64Array(0);
  #qvel = new Float64Array(0);
  #force = new Float64Array(0);

  constructor(mujoco: MainModule, xml: string) {
    this.#mujoco = mujoco;
    this.model = mujoco.MjModel.from_xml_string(xml);
    this.data = new mujoco.MjData(this.model);
  }

  get qpos(): Float64Array {
    if (this.#qpos.length === 0) this.#qpos = this.data.qpos;
    return this.#qpos;
  }

  get qvel(): Float64Array {
    if (this.#qvel.length === 0) this.#qvel = this.data.qvel;
    return this.#qvel;
  }

  /** Forces on the coordinates. */
  get force(): Float64Array {
    if (this.#force.length === 0) this.#force = this.data.qfrc_applied;
    return this.#force;
  }

  get mocap(): { readonly position: Float64Array; readonly quaternion: Float64Array } {
    return { position: this.data.mocap_pos, quaternion: this.data.mocap_quat };
  }

  step(): void {
    this.#mujoco.mj_step(this.model, this.data);
  }

  /** Does what loses the state, such as a reset, and puts poses and velocities back. */
  keeping(change: (mujoco: MainModule) => void): void {
    const { position, quaternion } = this.mocap;
    const kept = [this.qpos, this.qvel, position, quaternion].map((values) => values.slice());
    change(this.#mujoco);
    const now = this.mocap;
    [this.qpos, this.qvel, now.position, now.quaternion].forEach((values, i) => {
      values.set(kept[i]);
    });
  }

  free(): void {
    this.data.delete();
    this.model.delete();
  }
}
