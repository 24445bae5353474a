"""Reads the schemas of what has fields: models, TypedDicts and dataclasses."""

from __future__ import annotations

from typing import Any, cast

from chanx import _parts
from chanx._schema import Node, Reader, ReadPart, Schema, Unsupported, require_utf8

# Of a model's configuration: about errors, about instances (which JSON never holds), or about assignment.
_NEUTRAL_CONFIG = {
    "title",
    "frozen",
    "hide_input_in_errors",
    "loc_by_alias",
    "revalidate_instances",
    "validation_error_cause",
    "cache_strings",
    "from_attributes",
    "use_attribute_docstrings",
    "extra_fields_behavior",
    "str_strip_whitespace",
    "str_min_length",
    "str_max_length",
    "allow_inf_nan",
}
# Of a model's configuration: about writing JSON only.
_OUTPUT_CONFIG = {
    "ser_json_timedelta",
    "ser_json_temporal",
    "ser_json_bytes",
    "ser_json_inf_nan",
    "serialize_by_alias",
}
_INPUT_CONFIG = {
    "val_json_bytes",
    "val_temporal_unit",
    "str_to_lower",
    "str_to_upper",
    "coerce_numbers_to_str",
    "validate_by_name",
    "validate_by_alias",
    "populate_by_name",
    "validate_default",
    "regex_engine",
    "strict",
}
_DECODED_CONFIG = _INPUT_CONFIG - {"val_temporal_unit", "strict"}
_FIELD = {"schema", "validation_alias", "serialization_alias", "frozen", "serialization_exclude"}
_EMPTY: dict[type, str] = {list: "empty_list", dict: "empty_dict", set: "empty_set"}


def _check_config(reader: Reader, config: Schema) -> None:
    known = _NEUTRAL_CONFIG | (_OUTPUT_CONFIG | _DECODED_CONFIG if reader.decoding else _INPUT_CONFIG)
    for key, value in config.items():
        if key not in known and value is not None and value is not False:
            raise Unsupported(f"the configuration {key}={value!r}")
    if reader.decoding and config.get("val_temporal_unit") not in (None, "infer"):
        raise Unsupported(f"the configuration val_temporal_unit={config['val_temporal_unit']!r}")


def _model(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(
        schema,
        {"cls", "schema", "config", "custom_init", "root_model", "post_init", "generic_origin", "frozen"}
        | {"revalidate_instances"},
    )
    name = schema["cls"].__name__
    if schema.get("custom_init") and reader.decoding:
        raise Unsupported(f"{name}: an __init__ of its own")
    own: Schema = schema.get("config") or {}
    _check_config(reader, own)
    if schema.get("root_model"):
        return _root_model(reader, schema, own)
    fields: Schema = schema["schema"]
    while not reader.decoding and str(fields.get("type")).startswith("function-") and "schema" in fields:
        fields = fields["schema"]  # a validator does not change how the model is written
    if str(fields.get("type")).startswith("function-"):
        raise Unsupported(f"{name}: {_parts.reason_of(fields)}")
    if fields.get("type") != "model-fields":
        raise Unsupported(f"{name}: a model of {fields.get('type')!r}")
    reader.only(fields, {"fields", "model_name", "computed_fields", "extra_behavior", "from_attributes"})
    node: Node = {"kind": "model", "form": "model", "cls": schema["cls"], "name": name}
    _read_fields(reader, fields, own, node)
    if fields.get("from_attributes") or own.get("from_attributes"):
        node["any_object"] = True
    if not (schema.get("post_init") and reader.decoding):
        return node
    then: Node = {
        "kind": "after",
        "form": "post_init",
        "call": schema["post_init"],
        "first": reader.add(node),
    }
    if _parts.only_sets_private(schema["cls"]):
        then["pure"] = True
    return then


def _root_model(reader: Reader, schema: Schema, config: Schema) -> Node:
    name = schema["cls"].__name__
    if schema.get("post_init"):
        raise Unsupported(f"{name}: a root model with private attributes or model_post_init")
    inner: Schema = schema["schema"]
    if inner.get("type") in ("default", "model-fields"):
        raise Unsupported(f"{name}: a root model with a default")
    first = reader.read(inner, config)
    node: Node = {"kind": "after", "form": "root_model", "cls": schema["cls"], "first": first}
    node.update(inexact=True, pure=True, name=name)
    return node


def _typed_dict(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"cls", "cls_name", "fields", "config", "extra_behavior", "total", "computed_fields"})
    own: Schema = schema.get("config") or {}
    _check_config(reader, own)
    cls: Any = schema.get("cls") or dict
    name = schema.get("cls_name") or cls.__name__
    node: Node = {"kind": "model", "form": "typed_dict", "cls": cls, "name": name}
    if schema.get("computed_fields"):
        raise Unsupported(f"{name}: computed fields")
    _read_fields(reader, schema, own, node, total=bool(schema.get("total", True)))
    if not reader.decoding and node.get("keep_extra"):
        raise Unsupported(f"{name}: extra keys are kept")
    return node


def _dataclass(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(
        schema, {"cls", "schema", "config", "fields", "post_init", "frozen", "slots", "cls_name"}
        | {"revalidate_instances", "generic_origin"},
    )  # fmt: skip
    name = schema["cls"].__name__
    own: Schema = schema.get("config") or {}
    _check_config(reader, own)
    if schema.get("post_init") and reader.decoding:
        raise Unsupported(f"{name}: __post_init__")
    inner: Schema = schema["schema"]
    if inner.get("type") != "dataclass-args":
        raise Unsupported(f"{name}: a dataclass of {inner.get('type')!r}")
    reader.only(inner, {"fields", "dataclass_name", "computed_fields", "collect_init_only", "extra_behavior"})
    if inner.get("computed_fields") or inner.get("collect_init_only"):
        raise Unsupported(f"{name}: computed or init-only fields")
    fields: dict[str, Any] = {}
    for field in inner["fields"]:
        if field.get("init_only") or field.get("init") is False:
            raise Unsupported(f"{name}.{field['name']}: a field that is not part of __init__, or only that")
        fields[field["name"]] = {
            k: v for k, v in field.items() if k not in ("name", "kw_only", "init", "init_only")
        }
    if set(schema["fields"]) != set(fields):
        raise Unsupported(f"{name}: fields that are not validated")
    node: Node = {"kind": "model", "form": "dataclass", "cls": schema["cls"], "name": name}
    if schema.get("slots"):
        node["slots"] = True
    _read_fields(reader, {**inner, "fields": fields}, own, node)
    if node.get("keep_extra"):
        raise Unsupported(f"{name}: extra fields are kept")
    return node


def _read_fields(reader: Reader, schema: Schema, config: Schema, node: Node, *, total: bool = True) -> None:
    name = node["name"]
    extra: str = schema.get("extra_behavior") or config.get("extra_fields_behavior") or "ignore"
    if extra == "forbid":
        node["forbid_extra"] = True
    elif extra == "allow":
        node["keep_extra"] = True
    fields: list[Node] = []
    for field_name, field in cast("dict[str, Schema]", schema["fields"]).items():
        try:
            fields.append(_field(reader, field_name, field, config, node["form"]))
        except Unsupported as error:
            raise Unsupported(f"{name}.{field_name}: {error}") from None
        if not field.get("required", total) and not {"default", "absent"} & set(fields[-1]):
            fields[-1]["optional"] = True
    if node["form"] == "typed_dict" and any("given" in field or "absent" in field for field in fields):
        raise Unsupported(f"{name}: a validator that looks at other keys")
    if not reader.decoding:
        fields += [_computed(reader, one, config) for one in schema.get("computed_fields") or ()]
    keys = [key for field in fields for key in (field["key"], *field.get("others", ()))]
    if any("paths" in field for field in fields):
        keys = [key for key in keys if key]
        if node["form"] != "model" or extra != "ignore":
            raise Unsupported(f"{name}: an alias that is a path, where keys beyond the fields count")
    if len(set(keys)) != len(keys):
        raise Unsupported(f"{name}: two fields with one alias")
    node["fields"] = fields


def _field(reader: Reader, name: str, field: Schema, config: Schema, form: str) -> Node:
    known = _FIELD | {"serialization_exclude_if"} | ({"required"} if form == "typed_dict" else set())
    reader.only({**field, "strict": None}, known)
    schema: Schema = field["schema"]
    if not reader.decoding:
        if field.get("serialization_exclude_if"):
            raise Unsupported("serialization_exclude_if")
        out: Node = {"key": name, "name": name, "node": reader.read(schema, config)}
        if field.get("serialization_exclude"):
            out["excluded"] = True
        return out
    keys, paths = _keys(name, field.get("validation_alias"), config)
    out = {"key": keys[0] if keys else "", "name": name}
    if len(keys) > 1:
        out["others"] = keys[1:]
    if paths:
        out["paths"] = paths
    default: Schema | None = None
    if schema.get("type") == "default":
        default, schema = schema, schema["schema"]
    depends = _parts.validation_depends(schema)
    if depends:
        out["given"] = reader.field_handler(name, schema, config)
        out["node"] = reader.add(
            {"kind": "foreign", "reason": _parts.reason_of(schema), "call": out["given"]}
        )
    else:
        out["node"] = reader.read(schema, config)
    if default is not None:
        out.update(_default(reader, name, default, config, out.get("given")))
    return out


def _keys(name: str, alias: Any, config: Schema) -> tuple[list[str], list[list[Any]]]:
    """The keys that may hold a field, the preferred one first, and the paths that may lead to it."""
    by_name = bool(config.get("validate_by_name") or config.get("populate_by_name"))
    deep: list[list[Any]] = []
    if alias is None:
        keys = [name]
    elif isinstance(alias, str):
        keys = [alias]
    else:
        paths: list[Any] = [alias] if alias and not isinstance(alias[0], list) else list(alias)
        keys = [path[0] for path in paths if len(path) == 1]
        deep = [list(path) for path in paths if len(path) != 1]
    if config.get("validate_by_alias") is False:
        keys, deep = [name], []
    elif by_name:
        keys.append(name)
    for key in (*keys, *(step for path in deep for step in path)):
        if type(key) is str:
            require_utf8(key)
        elif type(key) is not int or abs(key) >= 2**31:
            raise Unsupported("an alias that is a path with a step that is no key and no place")
    if deep and "" in keys:
        raise Unsupported("an alias without characters beside one that is a path")
    return list(dict.fromkeys(keys)), deep


def _default(reader: Reader, name: str, schema: Schema, config: Schema, given: Any) -> Node:
    known = {"schema", "default", "default_factory", "default_factory_takes_data"}
    reader.only(schema, known | {"validate_default", "on_error", "copy_default"})
    if schema.get("on_error", "raise") != "raise":
        raise Unsupported(f"on_error={schema['on_error']!r}")
    takes_data = schema.get("default_factory_takes_data")
    validates = schema.get("validate_default", config.get("validate_default"))
    if "default" not in schema and "default_factory" not in schema:
        return {}
    if takes_data or validates:
        if schema.get("copy_default"):
            raise Unsupported("a default that is copied and validated")
        check = (given or reader.field_handler(name, schema["schema"], config)) if validates else None
        return {"absent": _parts.default_maker(schema, check)}
    if "default_factory" in schema:
        factory: Any = schema["default_factory"]
        kinds = [kind for empty, kind in _EMPTY.items() if factory is empty]
        return {"default": kinds[0]} if kinds else {"default": "factory", "object": factory}
    value: Any = schema["default"]
    try:
        hash(value)
    except Exception:
        # pydantic copies the defaults that cannot be hashed.
        if any(type(value) is empty for empty in _EMPTY) and not value:
            return {"default": _EMPTY[cast("type", type(value))]}
        return {"default": "copy", "object": value}
    if schema.get("copy_default"):
        return {"default": "copy", "object": value}
    return {"default": "constant", "object": value}


def _computed(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"property_name", "return_schema", "alias"})
    name = schema["property_name"]
    return {"key": name, "name": name, "computed": True, "node": reader.read(schema["return_schema"], config)}


READERS: dict[str, ReadPart] = {"model": _model, "typed-dict": _typed_dict, "dataclass": _dataclass}
