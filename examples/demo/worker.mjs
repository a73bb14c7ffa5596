// A remote worker in thirty lines, with nothing but HTTP: any language can do this.
// It claims jobs of one type, works on each, and says how far it is. Environment: BIDE_URL, BIDE_KEY.
import { readFileSync } from 'node:fs';

const base = process.env.BIDE_URL;
const headers = { authorization: `Bearer ${process.env.BIDE_KEY}`, 'content-type': 'application/json' };

async function call(path, body) {
  const response = await fetch(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

function ratingsByGenre(file) {
  const genres = new Map();
  for (const movie of JSON.parse(readFileSync(file, 'utf8'))) {
    const rating = movie['IMDB Rating'];
    const genre = movie['Major Genre'];
    if (rating === null || genre === null) continue;
    const seen = genres.get(genre) ?? { count: 0, sum: 0 };
    genres.set(genre, { count: seen.count + 1, sum: seen.sum + rating });
  }
  return Object.fromEntries(
    [...genres].map(([genre, { count, sum }]) => [genre, Math.round((sum / count) * 100) / 100]),
  );
}

for (let turn = 0; turn < 100; turn += 1) {
  const { jobs } = await call('/v1/work/claim', {
    types: ['ratings'],
    max: 5,
    wait: 20,
    worker: `demo-${process.pid}`,
  });
  for (const { id, fence, input } of jobs) {
    await call(`/v1/work/${id}/heartbeat`, { fence, progress: { percent: 50, message: 'reading' } });
    await call(`/v1/work/${id}/succeed`, { fence, result: ratingsByGenre(input.file) });
  }
}
