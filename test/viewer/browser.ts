/** The viewer's page in this machine's Chromium, drawn by the processor. */

import { existsSync } from "node:fs";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { insistOn } from "../support/required.ts";

const chromiumPath = "/usr/bin/chromium";

export const hasChromium = existsSync(chromiumPath);
if (!hasChromium) {
  insistOn("chromium", `there is no ${chromiumPath}`);
  process.stderr.write(
    `test/viewer: skipped, there is no ${chromiumPath}. Install Debian's chromium to run it.\n`,
  );
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox",
      "--use-gl=angle",
      "--use-angle=swiftshader",
      "--enable-unsafe-swiftshader",
    ],
  });
}

/** Colours in a picture of the element, counted by the browser. */
export async function coloursOf(element: Locator): Promise<number> {
  const png = (await element.screenshot()).toString("base64");
  return element.page().evaluate<number>(`(async () => {
    const bytes = await (await fetch("data:image/png;base64,${png}")).blob();
    const image = await createImageBitmap(bytes);
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
}

/** Where the page draws the bodies, [x, y, z] a row, once it draws any. */
export async function drawnPositions(page: Page): Promise<number[][]> {
  await page.waitForFunction("globalThis.viewer?.drawnPositions?.length > 0");
  return page.evaluate<number[][]>("globalThis.viewer.drawnPositions");
}
