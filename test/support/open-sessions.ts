/** Which sessions of onnxruntime this thread has opened and not released: what a learner leaves behind. */

import * as ort from "onnxruntime-node";

/** From here on; `stop` puts everything back. */
export function watchSessions(): { readonly open: ReadonlySet<object>; stop(): void } {
  const { InferenceSession } = ort;
  const create = InferenceSession.create;
  const open = new Set<object>();
  const watched = async (...given: unknown[]) => {
    const session = await (create as (...given: unknown[]) => Promise<ort.InferenceSession>).apply(
      InferenceSession,
      given,
    );
    open.add(session);
    const release = session.release.bind(session);
    session.release = async () => {
      open.delete(session);
      await release();
    };
    return session;
  };
  Object.assign(InferenceSession, { create: watched });
  return { open, stop: () => void Object.assign(InferenceSession, { create }) };
}
