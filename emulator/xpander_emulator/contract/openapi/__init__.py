"""OpenAPI files: loaded, bundled, upgraded and checked; example responses made from them."""
