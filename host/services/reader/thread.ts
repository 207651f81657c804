// The thread in which articles are looked for: a page that takes too long, or too much memory, takes it along and
// nothing else.
import { parentPort } from 'node:worker_threads';
import { articleOf, type PageSource } from './article.js';

parentPort!.on('message', (source: PageSource) => {
  let article: string | undefined;
  try {
    article = articleOf(source);
  } catch {
    // What this library can't read is no article.
  }
  parentPort!.postMessage(article);
});
