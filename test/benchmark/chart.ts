import { writeFigures } from './module/write-figures.js';

/** Draws the results anew, without measuring: `npm run bench:chart`. */
await writeFigures();
