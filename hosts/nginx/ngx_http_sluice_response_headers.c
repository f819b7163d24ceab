/* Header filter: the policy's changes to the headers of the answer, whoever gives it. */
#include "hosts/nginx/ngx_http_sluice.h"

static ngx_http_output_header_filter_pt next_header_filter;

/* Headers that nginx writes itself unless the pointer of that name is set. */
static const struct {
  ngx_str_t name;
  size_t offset;
} known_headers[] = {
    {ngx_string("Server"), offsetof(ngx_http_headers_out_t, server)},
    {ngx_string("Date"), offsetof(ngx_http_headers_out_t, date)},
    {ngx_string("Location"), offsetof(ngx_http_headers_out_t, location)},
    {ngx_string("Refresh"), offsetof(ngx_http_headers_out_t, refresh)},
    {ngx_string("Last-Modified"), offsetof(ngx_http_headers_out_t, last_modified)},
    {ngx_string("Content-Range"), offsetof(ngx_http_headers_out_t, content_range)},
    {ngx_string("Content-Encoding"), offsetof(ngx_http_headers_out_t, content_encoding)},
    {ngx_string("Accept-Ranges"), offsetof(ngx_http_headers_out_t, accept_ranges)},
    {ngx_string("WWW-Authenticate"), offsetof(ngx_http_headers_out_t, www_authenticate)},
    {ngx_string("Expires"), offsetof(ngx_http_headers_out_t, expires)},
    {ngx_string("ETag"), offsetof(ngx_http_headers_out_t, etag)},
};

static ngx_uint_t is_named(const ngx_str_t* name, const char* literal) {
  return name->len == ngx_strlen(literal) && ngx_strncasecmp(name->data, (u_char*)literal, name->len) == 0;
}

/* Where nginx keeps its pointer to the header of that name, or NULL. */
static ngx_table_elt_t** known_pointer(ngx_http_request_t* r, const ngx_str_t* name) {
  size_t i;

  for (i = 0; i < sizeof known_headers / sizeof known_headers[0]; i++) {
    if (is_named(name, (const char*)known_headers[i].name.data)) {
      return (ngx_table_elt_t**)((char*)&r->headers_out + known_headers[i].offset);
    }
  }
  return NULL;
}

/* nginx sends Content-Type from fields of its own, not from the list. */
static ngx_int_t change_content_type(ngx_http_request_t* r, const sluice_header_change* change) {
  ngx_str_t value = ngx_http_sluice_ngx_str(change->value);
  u_char* semicolon;

  if (change->op == SLUICE_HEADER_REMOVE) value.len = 0;
  r->headers_out.content_type.len = value.len;
  r->headers_out.content_type.data = ngx_pstrdup(r->pool, &value);
  if (r->headers_out.content_type.data == NULL) return NGX_ERROR;
  semicolon = ngx_strlchr(value.data, value.data + value.len, ';');
  r->headers_out.content_type_len = semicolon != NULL ? (size_t)(semicolon - value.data) : value.len;
  r->headers_out.content_type_lowcase = NULL;
  ngx_str_null(&r->headers_out.charset);
  return NGX_OK;
}

/* A hash of zero keeps a header of the list from being sent. */
static void hide_named(ngx_http_request_t* r, const ngx_str_t* name) {
  ngx_list_part_t* part;
  ngx_uint_t i;

  for (part = &r->headers_out.headers.part; part != NULL; part = part->next) {
    ngx_table_elt_t* header = part->elts;
    for (i = 0; i < part->nelts; i++) {
      if (header[i].key.len == name->len && ngx_strncasecmp(header[i].key.data, name->data, name->len) == 0) {
        header[i].hash = 0;
      }
    }
  }
}

static ngx_int_t change_header(ngx_http_request_t* r, const sluice_header_change* change) {
  ngx_str_t name = ngx_http_sluice_ngx_str(change->name);
  ngx_table_elt_t** known = known_pointer(r, &name);
  ngx_table_elt_t* header;

  if (change->op != SLUICE_HEADER_ADD) hide_named(r, &name);
  if (known != NULL && is_named(&name, "Last-Modified")) r->headers_out.last_modified_time = -1;
  if (change->op == SLUICE_HEADER_ADD && known != NULL && *known != NULL) return NGX_OK; /* there can be one only */
  if (ngx_http_sluice_push_header(r->pool, &r->headers_out.headers, change, &header) != NGX_OK) return NGX_ERROR;
  if (change->op == SLUICE_HEADER_REMOVE) header->hash = 0; /* hidden, it keeps nginx from writing its own */
  if (known != NULL) *known = header;
  return NGX_OK;
}

static ngx_int_t change_headers(ngx_http_request_t* r, const sluice_decision* decision) {
  size_t i;

  for (i = 0; i < decision->response_header_count; i++) {
    const sluice_header_change* change = &decision->response_headers[i];
    const ngx_str_t name = ngx_http_sluice_ngx_str(change->name);
    ngx_int_t rc;
    if (ngx_http_sluice_is_framing(name)) continue;
    rc = is_named(&name, "Content-Type") ? change_content_type(r, change) : change_header(r, change);
    if (rc != NGX_OK) return rc;
  }
  return NGX_OK;
}

static ngx_int_t header_filter(ngx_http_request_t* r) {
  ngx_http_sluice_ctx_t* ctx;

  if (r != r->main) return next_header_filter(r);
  ctx = ngx_http_sluice_get_ctx(r);
  if (ctx != NULL && ctx->is_enforced && change_headers(r, &ctx->decision) != NGX_OK) return NGX_ERROR;
  return next_header_filter(r);
}

void ngx_http_sluice_init_response_headers(void) {
  next_header_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = header_filter;
}
