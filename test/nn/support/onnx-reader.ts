/** Reads just enough of an ONNX file, from its protobuf bytes, to list the operators in it. */

interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Every operator of a model, those inside loop bodies too. */
export function operatorsIn(model: Uint8Array): string[] {
  return fields(model)
    .filter(({ number }) => number === 7)
    .flatMap(({ bytes }) => operatorsInGraph(bytes));
}

function operatorsInGraph(graph: Uint8Array): string[] {
  return fields(graph)
    .filter(({ number }) => number === 1)
    .flatMap(({ bytes: node }) =>
      fields(node).flatMap(({ number, bytes }) => {
        if (number === 4) return [Buffer.from(bytes).toString()];
        if (number !== 5) return [];
        const bodies = fields(bytes).filter((field) => field.number === 6);
        return bodies.flatMap((body) => operatorsInGraph(body.bytes));
      }),
    );
}

function fields(message: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (tag % 8 === 0) varint();
    else {
      const length = tag % 8 === 5 ? 4 : varint();
      found.push({ number, bytes: message.subarray(at, at + length) });
      at += length;
    }
  }
  return found;
}
