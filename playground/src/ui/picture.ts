import type { Band } from '../fractal/service.js';

/** The colours, from those of the page: of what gets away at once, to what almost stays; and of what stays. */
const STOPS = ['--raised', '--utility', '--window', '--point', '--item', '--raised'];
const STAYS = '--ink';
/** How often the colours begin again, each time that the steps double. */
const ROUNDS = 0.32;
const SHADES = 512;

/** A canvas that shows a picture, band by band, as it comes. */
export class Picture {
  readonly #canvas: HTMLCanvasElement;
  /** Of each pixel */
  #steps = new Float32Array();
  #shades = new Uint32Array();

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** As large as it is shown, in pixels of the screen. What was there stays until something else comes. */
  begin(): { readonly width: number; readonly height: number } {
    const { clientWidth, clientHeight } = this.#canvas;
    const width = Math.max(1, Math.round(clientWidth * devicePixelRatio));
    const height = Math.max(1, Math.round(clientHeight * devicePixelRatio));
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      Object.assign(this.#canvas, { width, height });
      this.#steps = new Float32Array(width * height);
    }
    this.#shades = readShades();
    return { width, height };
  }

  put({ y, scale, steps }: Band): void {
    const { width, height } = this.#canvas;
    const across = Math.ceil(width / scale);
    const end = Math.min(y + (steps.length / across) * scale, height);
    for (let row = y; row < end; row++) {
      const from = Math.floor((row - y) / scale) * across;
      for (let column = 0; column < width; column++) {
        this.#steps[row * width + column] = steps[from + Math.floor(column / scale)] ?? 0;
      }
    }
    this.#draw(y, end);
  }

  /** The page has other colours now. */
  recolour(): void {
    this.#shades = readShades();
    if (this.#steps.length > 0) this.#draw(0, this.#canvas.height);
  }

  #draw(from: number, to: number): void {
    const { width } = this.#canvas;
    const image = new ImageData(width, to - from);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.forEach((_, index) => (pixels[index] = this.#shade(this.#steps[from * width + index] ?? 0)));
    this.#canvas.getContext('2d')?.putImageData(image, 0, from);
  }

  #shade(steps: number): number {
    const index = steps === 0 ? SHADES : Math.floor(((Math.log2(steps) * ROUNDS) % 1) * SHADES);
    return this.#shades[index] ?? 0;
  }
}

/** As the bytes of a picture are: one number a pixel. */
function readShades(): Uint32Array<ArrayBuffer> {
  const canvas = new OffscreenCanvas(SHADES + 1, 1);
  const context = canvas.getContext('2d');
  const style = getComputedStyle(document.documentElement);
  if (!context) return new Uint32Array(SHADES + 1);
  const gradient = context.createLinearGradient(0, 0, SHADES, 0);
  STOPS.forEach((stop, index) =>
    gradient.addColorStop(index / (STOPS.length - 1), style.getPropertyValue(stop).trim()),
  );
  context.fillStyle = gradient;
  context.fillRect(0, 0, SHADES, 1);
  context.fillStyle = style.getPropertyValue(STAYS).trim();
  context.fillRect(SHADES, 0, 1, 1);
  return new Uint32Array(context.getImageData(0, 0, SHADES + 1, 1).data.buffer);
}
