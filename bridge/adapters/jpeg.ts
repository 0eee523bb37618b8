/**
 * Pictures as LeRobot sends them. It gives RGB arrays to OpenCV, which takes them for BGR, on both ends:
 * so the JPEG on the wire has red and blue swapped, and whoever decodes it properly sees blue for red.
 */

import sharp from "sharp";
import { Refusal } from "./refusal.ts";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** [H, W, 3], red first. */
  readonly rgb: Uint8Array;
}

const maxPixels = 4096 * 4096;

/** A JPEG for a LeRobot client. Quality 100 keeps all colour, for pictures that carry numbers. */
export async function encodeJpeg({ width, height, rgb }: Picture, quality = 90): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  const chromaSubsampling = quality === 100 ? "4:4:4" : "4:2:0";
  return sharp(swapped(rgb), { raw }).jpeg({ quality, chromaSubsampling }).toBuffer();
}

/** The picture in a JPEG of a LeRobot host. @throws Refusal. */
export async function decodeJpeg(jpeg: Uint8Array): Promise<Picture> {
  // sharp knows many formats, and some of them are programs
  if (!(jpeg[0] === 0xff && jpeg[1] === 0xd8)) throw notJpeg("another format");
  try {
    const { data, info } = await sharp(jpeg, { limitInputPixels: maxPixels })
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: swapped(data) };
  } catch (error) {
    throw notJpeg((error as Error).message);
  }
}

function swapped(pixels: Uint8Array): Uint8Array {
  const out = new Uint8Array(pixels);
  for (let p = 0; p < out.length; p += 3) {
    out[p] = pixels[p + 2];
    out[p + 2] = pixels[p];
  }
  return out;
}

function notJpeg(found: string): Refusal {
  return new Refusal("not an image", `Expected a JPEG, got ${found}.`);
}
