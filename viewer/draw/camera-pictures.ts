/** What the robot's camera shows: one small picture a role, depth and colour. */

import { bodyOfRole, type Rgb, type SceneSketch, type Sight } from "../messages.ts";

/** Inverse depth (1/m) that is drawn brightest: the sensor's nearest, about. */
const BRIGHTEST = 4;

/** Depth from far to near; a hole is none of them. */
const DEPTH_COLOURS: readonly Rgb[] = [
  [0.1, 0.09, 0.26],
  [0.23, 0.29, 0.54],
  [0.13, 0.53, 0.55],
  [0.37, 0.77, 0.4],
  [0.99, 0.9, 0.25],
];
const HOLE: Rgb = [0.03, 0.03, 0.04];

interface Picture {
  readonly figure: HTMLElement;
  readonly note: HTMLElement;
  readonly context: CanvasRenderingContext2D;
}

export class CameraPictures {
  readonly #home: HTMLElement;
  #sketch: SceneSketch | undefined;
  #pictures = new Map<string, Picture>();

  constructor(home: HTMLElement) {
    this.#home = home;
  }

  /** Makes a picture for every role of the scene, and for depth and colour. */
  open(sketch: SceneSketch): void {
    this.#sketch = sketch;
    const names = [...sketch.layers, "depth", "colour"];
    this.#pictures = new Map(names.map((name) => [name, picture(name)]));
    this.#home.replaceChildren(...[...this.#pictures.values()].map(({ figure }) => figure));
  }

  /** Draws one sight; `stage` says whose colour each role has. */
  show(sight: Sight, stage: number): void {
    const { width, height, layers, depth_m, rgba } = sight;
    const pixels = width * height;
    this.#sketch?.layers.forEach((role, i) => {
      const layer = layers.subarray(i * pixels, (i + 1) * pixels);
      this.#draw(role, sight, tinted(layer, this.#colourOf(role, stage)));
      const seen = layer.some((inverse) => inverse > 0);
      const note = this.#pictures.get(role)?.note;
      if (note) note.textContent = seen ? "" : " (not seen)";
    });
    this.#draw("depth", sight, depthImage(depth_m));
    this.#draw("colour", sight, new Uint8ClampedArray(rgba));
  }

  #draw(name: string, { width, height }: Sight, data: Uint8ClampedArray<ArrayBuffer>): void {
    const context = this.#pictures.get(name)?.context;
    if (!context) return;
    if (context.canvas.width !== width) context.canvas.width = width;
    if (context.canvas.height !== height) context.canvas.height = height;
    context.putImageData(new ImageData(data, width, height), 0, 0);
  }

  #colourOf(role: string, stage: number): Rgb {
    const row = bodyOfRole(this.#sketch, stage, role);
    return this.#sketch?.bodies[(row ?? 0) - 1]?.rgb ?? [0.7, 0.7, 0.7];
  }
}

function picture(name: string): Picture {
  const figure = document.createElement("figure");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `The robot's camera, ${name}`);
  const caption = document.createElement("figcaption");
  const note = document.createElement("span");
  caption.append(name, note);
  figure.append(canvas, caption);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("internal: no 2d context");
  return { figure, note, context };
}

/** Inverse depth of a role whose body nobody knows, for a canvas. */
export function layerColours(layer: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  return tinted(layer, [0.75, 0.75, 0.75]);
}

/** Inverse depth in shades of one colour; what is not seen stays dark. */
function tinted(layer: Float32Array, rgb: Rgb): Uint8ClampedArray<ArrayBuffer> {
  return image(layer.length, (i, out, at) => {
    const seen = layer[i] > 0;
    const shade = 0.45 + 0.75 * Math.min(1, layer[i] / BRIGHTEST);
    for (let c = 0; c < 3; c++) out[at + c] = 255 * (seen ? rgb[c] * shade : HOLE[c]);
  });
}

function depthImage(depth_m: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  return image(depth_m.length, (i, out, at) => {
    const [r, g, b] = depth_m[i] > 0 ? depthColour(1 / depth_m[i]) : HOLE;
    out[at] = 255 * r;
    out[at + 1] = 255 * g;
    out[at + 2] = 255 * b;
  });
}

/** The root spreads the far half of the range, where inverse depths are close together. */
function depthColour(inverse: number): Rgb {
  const at = Math.sqrt(Math.min(1, inverse / BRIGHTEST)) * (DEPTH_COLOURS.length - 1);
  const index = Math.min(DEPTH_COLOURS.length - 2, Math.floor(at));
  const mix = (c: number) =>
    DEPTH_COLOURS[index][c] +
    (at - index) * (DEPTH_COLOURS[index + 1][c] - DEPTH_COLOURS[index][c]);
  return [mix(0), mix(1), mix(2)];
}

function image(
  pixels: number,
  paint: (i: number, out: Uint8ClampedArray, at: number) => void,
): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(pixels * 4);
  for (let i = 0; i < pixels; i++) {
    paint(i, out, i * 4);
    out[i * 4 + 3] = 255;
  }
  return out;
}
