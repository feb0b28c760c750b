/** Where names are defined: a line of a file, and a link to it where it is known where the sources can be read. */

/** Where people read the sources of the repository, such as `https://github.com/.../blob/main`. */
const address = process.env.KINDLING_SOURCE_URL?.replace(/\/$/, '');

export const sourceAddress = (path: string, line: string): string =>
  `${address ?? 'source:'}/${path}#L${line}`;

/** Draws the places as typedoc has them in one line each; links that would lead nowhere become words. */
export const withSources = (html: string): string =>
  html
    .replace(/<a href="source:[^"]*"[^>]*>([^<]*)<\/a>/g, '$1')
    .replace(/<aside class="tsd-sources">([\s\S]*?)<\/aside>/g, (aside, inside: string) => {
      const places = [...inside.matchAll(/<li>([\s\S]*?)<\/li>/g)].map(([, place = '']) => place);
      const other = inside.replace(/<ul>[\s\S]*<\/ul>/, '');
      return places.length === 0 ? aside : `<div class="tsd-sources">${other}${places.join('<br>')}</div>`;
    });
