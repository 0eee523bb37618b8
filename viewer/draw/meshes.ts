/** Bodies as three.js objects, in the frames of sim/: z up, origin at the centroid, metres. `castShadow` is for shadows.ts. */

import * as three from "three";
import { type DiffDriveSpec, robotParts } from "../../sim/robots/diff-drive.ts";
import { prismCorners, type Shape } from "../../sim/shape.ts";
import type { Rgb } from "../messages.ts";

export function geometryOf(shape: Shape): three.BufferGeometry {
  switch (shape.kind) {
    case "box":
      return new three.BoxGeometry(...shape.size_m);
    case "cylinder": {
      const radius_m = shape.diameter_m / 2;
      const geometry = new three.CylinderGeometry(radius_m, radius_m, shape.height_m, 48);
      return geometry.rotateX(Math.PI / 2);
    }
    case "prism": {
      const outline = new three.Shape(
        prismCorners(shape.side_m).map(([x, y]) => new three.Vector2(x, y)),
      );
      const geometry = new three.ExtrudeGeometry(outline, {
        depth: shape.height_m,
        bevelEnabled: false,
      });
      return geometry.translate(0, 0, -shape.height_m / 2);
    }
  }
}

export function colourOf([r, g, b]: Rgb): three.Color {
  return new three.Color().setRGB(r, g, b, three.SRGBColorSpace);
}

/** A body with a stripe on top that shows its heading. */
export function bodyMesh(shape: Shape, rgb: Rgb): three.Group {
  const group = new three.Group();
  const colour = colourOf(rgb);
  const solid = new three.Mesh(geometryOf(shape), matte(colour));
  solid.castShadow = true;
  const edges = new three.LineSegments(
    new three.EdgesGeometry(solid.geometry, 30),
    new three.LineBasicMaterial({ color: colour.clone().multiplyScalar(0.45) }),
  );
  group.add(solid, edges, headingStripe(shape));
  return group;
}

/** The outline of where a body belongs. */
export function ghostMesh(shape: Shape, rgb: Rgb): three.Group {
  const group = new three.Group();
  const colour = colourOf(rgb);
  const geometry = geometryOf(shape);
  const fill = new three.Mesh(
    geometry,
    new three.MeshBasicMaterial({
      color: colour,
      transparent: true,
      opacity: 0.18,
      depthWrite: false,
    }),
  );
  const edges = new three.LineSegments(
    new three.EdgesGeometry(geometry, 30),
    new three.LineDashedMaterial({ color: colour, dashSize: 0.018, gapSize: 0.012 }),
  );
  edges.computeLineDistances();
  group.add(fill, edges, headingStripe(shape));
  return group;
}

function headingStripe(shape: Shape): three.Mesh {
  const z_m = (shape.kind === "box" ? shape.size_m[2] : shape.height_m) / 2;
  const stripe = new three.Mesh(
    new three.PlaneGeometry(0.045, 0.012),
    new three.MeshBasicMaterial({ color: 0xffffff, transparent: true, opacity: 0.8 }),
  );
  stripe.position.set(0.04, 0, z_m + 0.001);
  return stripe;
}

/** The collision boxes as they are, and wheels and a camera for the eye. */
export function robotMesh(spec: DiffDriveSpec): three.Group {
  const group = new three.Group();
  const [base, pusher] = robotParts(spec);
  const shell = new three.Color(0x39424e);
  for (const [part, colour] of [
    [base, shell],
    [pusher, new three.Color(0xaeb8c4)],
  ] as const) {
    const [x, y, z] = part.half_m;
    const mesh = new three.Mesh(new three.BoxGeometry(2 * x, 2 * y, 2 * z), matte(colour));
    mesh.position.set(...part.centre_m);
    mesh.castShadow = true;
    const edges = new three.LineSegments(
      new three.EdgesGeometry(mesh.geometry),
      new three.LineBasicMaterial({ color: colour.clone().multiplyScalar(0.45) }),
    );
    edges.position.copy(mesh.position);
    group.add(mesh, edges);
  }
  group.add(...wheels(spec), mast(spec));
  return group;
}

function wheels(spec: DiffDriveSpec): three.Mesh[] {
  const radius_m = 0.033;
  return [-1, 1].map((side) => {
    const geometry = new three.CylinderGeometry(radius_m, radius_m, 0.016, 28);
    const wheel = new three.Mesh(geometry, matte(new three.Color(0x15181c)));
    wheel.position.set(-0.02, side * spec.halfTrack_m, radius_m - spec.base_m[2] / 2);
    wheel.castShadow = true;
    return wheel;
  });
}

/** A stereo camera on a post, at the mount's place and pitch. */
function mast(spec: DiffDriveSpec): three.Group {
  const { camera } = spec;
  const group = new three.Group();
  const top_m = spec.base_m[2] / 2;
  const eye_m = camera.z_m - top_m;
  const grey = matte(new three.Color(0xd5dae0));
  const post = new three.Mesh(new three.BoxGeometry(0.012, 0.03, Math.abs(eye_m - top_m)), grey);
  post.position.set(camera.x_m - 0.012, 0, (eye_m + top_m) / 2);
  const head = new three.Mesh(new three.BoxGeometry(0.022, 0.09, 0.024), grey);
  head.position.set(camera.x_m - 0.012, 0, eye_m);
  head.rotation.y = camera.pitch_rad;
  for (const y of [-0.025, 0.025]) {
    const lens = new three.Mesh(
      new three.CylinderGeometry(0.008, 0.008, 0.004, 16),
      matte(new three.Color(0x101418)),
    );
    lens.rotation.z = Math.PI / 2;
    lens.position.set(0.012, y, 0);
    head.add(lens);
  }
  for (const mesh of [post, head]) mesh.castShadow = true;
  group.add(post, head);
  return group;
}

/** The camera's field of view as far as `reach_m`, in the robot's frame. */
export function frustumLines(spec: DiffDriveSpec, reach_m = 0.9): three.Group {
  const { camera } = spec;
  const group = new three.Group();
  const halfWidth = reach_m * Math.tan(camera.horizontalFov_rad / 2);
  const halfHeight = reach_m * Math.tan(camera.verticalFov_rad / 2);
  const corners = [
    [reach_m, halfWidth, halfHeight],
    [reach_m, -halfWidth, halfHeight],
    [reach_m, -halfWidth, -halfHeight],
    [reach_m, halfWidth, -halfHeight],
  ];
  const points: number[] = [];
  const faces: number[] = [];
  for (let i = 0; i < 4; i++) {
    const next = corners[(i + 1) % 4];
    points.push(0, 0, 0, ...corners[i], ...corners[i], ...next);
    faces.push(0, 0, 0, ...corners[i], ...next);
  }
  const lines = new three.LineSegments(
    positions(points),
    new three.LineBasicMaterial({ color: 0xe0902a, transparent: true, opacity: 0.75 }),
  );
  const sides = new three.Mesh(
    positions(faces),
    new three.MeshBasicMaterial({
      color: 0xe0902a,
      transparent: true,
      opacity: 0.05,
      side: three.DoubleSide,
      depthWrite: false,
    }),
  );
  group.add(lines, sides);
  group.position.set(camera.x_m, 0, camera.z_m - spec.base_m[2] / 2);
  group.rotation.y = camera.pitch_rad;
  return group;
}

function positions(values: readonly number[]): three.BufferGeometry {
  const geometry = new three.BufferGeometry();
  return geometry.setAttribute("position", new three.Float32BufferAttribute(values, 3));
}

function matte(colour: three.Color): three.MeshLambertMaterial {
  return new three.MeshLambertMaterial({ color: colour });
}

/** Frees what the graphics card holds of an object and all below it. */
export function dispose(object: three.Object3D): void {
  object.traverse((node) => {
    if (node instanceof three.Mesh || node instanceof three.LineSegments) {
      node.geometry.dispose();
      node.material.dispose();
    }
  });
}
