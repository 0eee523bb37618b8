/** What went wrong, as the page tells it. */

import { signal } from "@preact/signals";

export class Alert {
  /** The sentence that stands there, empty for none, and how many came before: one that is told again is news as well. */
  readonly told = signal({ sentence: "", count: 0 });

  tell(sentence: string): void {
    this.told.value = { sentence, count: this.told.value.count + 1 };
  }

  clear(): void {
    this.told.value = { ...this.told.value, sentence: "" };
  }
}
