/** One request at a time, for protocols whose answers do not say which request they answer. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Asks once all that was asked before is over, well or badly. */
  take<T>(ask: () => Promise<T>): Promise<T> {
    const asked = this.#last.then(ask);
    this.#last = asked.catch(() => {});
    return asked;
  }
}
