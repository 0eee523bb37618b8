/** Nonces that a session began with, so that a recorded session cannot be played back. */

/** The oldest are forgotten beyond so many. */
const remembered = 65_536;

export class SpentNonces {
  readonly #nonces = new Set<string>();

  has(nonce: string): boolean {
    return this.#nonces.has(nonce);
  }

  add(nonce: string): void {
    this.#nonces.add(nonce);
    if (this.#nonces.size <= remembered) return;
    const [oldest] = this.#nonces;
    this.#nonces.delete(oldest);
  }
}
