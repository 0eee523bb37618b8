/** Scenes in modules of one's own: none here. Who serves or builds the page with some puts another list in this one's place: `../own-scenes.ts`. */

export async function addOwnScenes(): Promise<void> {}
