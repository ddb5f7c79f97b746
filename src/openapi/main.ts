/** `npm run generate`: writes what is made of the schemas and kept in the repository. A test says when it is due. */
import { writeFileSync } from "node:fs";
import { openApiDocument } from "./document.ts";
import { problemsMarkdown } from "./problem-catalogue.ts";
import { typescriptTypes } from "./typescript.ts";

const ROOT = new URL("../../", import.meta.url);

writeFileSync(
  new URL("src/client/api-types.ts", ROOT),
  typescriptTypes(openApiDocument({ url: "", version: "" })),
);
writeFileSync(new URL("docs/problems.md", ROOT), problemsMarkdown());
