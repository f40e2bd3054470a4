import { register } from 'node:module';

// Lets node run the TypeScript of the benchmarks and of lib: node --import ./test/benchmark/typescript.mjs <file>
register('../support/typescript-hooks.mjs', import.meta.url);
