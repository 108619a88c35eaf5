/* The contract that is served, in Swagger UI, which sends requests to this server alone. */

// The key of the default namespace. A server that accepts other keys only answers 401, and says so.
const KEY = "local";

const dark = matchMedia("(prefers-color-scheme: dark)");
const applyScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", applyScheme);
applyScheme();

const ui = SwaggerUIBundle({
  url: "/__emulator/contract.json",
  dom_id: "#contract",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  onComplete: () => {
    const schemes = ui.specSelectors.specJson().toJS().components?.securitySchemes ?? {};
    for (const [name, scheme] of Object.entries(schemes)) {
      if (scheme.type === "apiKey") ui.preauthorizeApiKey(name, KEY);
    }
  },
});
