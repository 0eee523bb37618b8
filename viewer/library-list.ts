/** The list that the page asks for: what can be opened, and at which address. */

export interface ReplayItem {
  readonly name: string;
  /** Which run, zoo entry or folder it comes from. */
  readonly from: string;
  /** Relative to the page. */
  readonly url: string;
  readonly scene?: string;
  readonly outcome?: string;
  readonly policy?: string;
  readonly seed?: number;
  readonly start?: number;
}

export interface PolicyItem {
  readonly name: string;
  readonly scene: string;
  /** Folder of policy.json and policy.onnx, relative to the page. */
  readonly url: string;
}

export interface LibraryList {
  readonly replays: readonly ReplayItem[];
  readonly policies: readonly PolicyItem[];
  /** There is a live socket on this server. */
  readonly live?: boolean;
}
