import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

/** Node loader hooks that load `x.ts` where `./x.js` is imported: what Jest's transform and moduleNameMapper do for specs. */

/** The package by its name, as it stands in `lib`: what is built may be older, or not there. */
const entryPoints = {
  '@things-kit/nestjs-kafka': new URL('../../lib/index.ts', import.meta.url).href,
  '@things-kit/nestjs-kafka/health': new URL('../../lib/health/index.ts', import.meta.url).href,
  '@things-kit/nestjs-kafka/testing': new URL('../../lib/testing/index.ts', import.meta.url).href,
};

export async function resolve(specifier, context, nextResolve) {
  if (specifier in entryPoints) return nextResolve(entryPoints[specifier], context);
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    const mayBeTypeScript = error.code === 'ERR_MODULE_NOT_FOUND' && /^\.{1,2}\/.*\.js$/.test(specifier);
    if (!mayBeTypeScript) throw error;
    return nextResolve(specifier.replace(/\.js$/, '.ts'), context);
  }
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const { code } = await transformFile(fileURLToPath(url), {
    swcrc: false,
    sourceMaps: 'inline',
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      target: 'es2022',
    },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
