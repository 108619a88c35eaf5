"""The contract: an OpenAPI file read into operations, requests and answers judged by it, values made from it."""
