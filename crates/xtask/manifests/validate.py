"""Validates rendered Kubernetes manifests strictly and prints them as JSON.

    validate.py VERSION SCHEMAS < manifests.yaml

What Kubernetes itself defines is validated by kubernetes-validate against the schemas of VERSION;
custom resources against SCHEMAS/{kind}.json, which may refer to Kubernetes' own definitions. A kind
that neither knows is an error. Prints {"documents": [...], "errors": [...]}.
"""

import base64
import json
import sys
from pathlib import Path

import importlib_resources
import jsonschema
import kubernetes_validate
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def definitions(version):
    """Kubernetes' own definitions, in which an unknown field is an error."""
    known = max(
        (found for found in kubernetes_validate.utils.all_versions() if found.startswith(version + ".")),
        default=None,
    )
    if known is None:
        sys.exit(f"kubernetes-validate has no schemas for {version}")
    folder = importlib_resources.files("kubernetes_validate") / "kubernetes-json-schema"
    return json.loads((folder / f"v{known}-local-strict" / "_definitions.json").read_text())


def where(document):
    return f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"


def custom_validator(document, schemas, registry):
    schema = json.loads((schemas / f"{document['kind'].lower()}.json").read_text())
    return jsonschema.Draft202012Validator(schema, registry=registry)


def errors_of(document, version, schemas, registry):
    try:
        kubernetes_validate.validate(document, version, strict=True)
        return []
    except kubernetes_validate.ValidationError as error:
        return [f"{where(document)}: {'.'.join(map(str, error.path))}: {error.message}"]
    except kubernetes_validate.SchemaNotFoundError:
        pass
    try:
        validator = custom_validator(document, schemas, registry)
    except FileNotFoundError:
        return [f"{where(document)}: {document['apiVersion']} is known neither to Kubernetes nor to us"]
    return [
        f"{where(document)}: {'.'.join(map(str, error.path))}: {error.message}"
        for error in validator.iter_errors(document)
    ]


def readable(document):
    """Puts a Secret's data in plain words, as our own rules read it."""
    if document["kind"] == "Secret":
        plain = document.setdefault("stringData", {})
        for key, value in document.pop("data", {}).items():
            plain[key] = base64.b64decode(value).decode()


def main():
    version, schemas = sys.argv[1], Path(sys.argv[2])
    own = Resource.from_contents(definitions(version), default_specification=DRAFT202012)
    registry = Registry().with_resource("_definitions.json", own)
    documents = [document for document in yaml.safe_load_all(sys.stdin) if document]
    errors = [
        error for document in documents for error in errors_of(document, version, schemas, registry)
    ]
    for document in documents:
        readable(document)
    json.dump({"documents": documents, "errors": errors}, sys.stdout)


main()
