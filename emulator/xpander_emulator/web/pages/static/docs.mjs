/* The contract as it is served, by Swagger UI, which asks nobody else for anything. */

// The key of the default namespace; a server that welcomes others alone answers 401, and says so.
const KEY = "local";

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

const ui = globalThis.SwaggerUIBundle({
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
