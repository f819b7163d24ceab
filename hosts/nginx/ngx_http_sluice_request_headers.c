/* Changing the headers that the upstream will see.
 *
 * nginx keeps a request's headers twice: in a list, which the proxy module sends and $http_… read, and for well-known
 * names also through pointers (r->headers_in.authorization …) into that list. Both must say the same afterwards.
 * Elements of the list are never moved, since pointers would go stale: to remove some, a new list is made from the
 * others.
 */
#include "hosts/nginx/ngx_http_sluice.h"

static const ngx_str_t framing_names[] = {
    ngx_string("Connection"), ngx_string("Content-Length"),    ngx_string("Keep-Alive"),
    ngx_string("TE"),         ngx_string("Transfer-Encoding"), ngx_string("Trailer"),
};

static ngx_uint_t same_name(const ngx_str_t* a, const ngx_str_t* b) {
  return a->len == b->len && ngx_strncasecmp(a->data, b->data, a->len) == 0;
}

ngx_uint_t ngx_http_sluice_is_framing(ngx_str_t name) {
  size_t i;

  for (i = 0; i < sizeof framing_names / sizeof framing_names[0]; i++) {
    if (same_name(&name, &framing_names[i])) return 1;
  }
  return 0;
}

/* A policy may build values from what the client sent: no line may end where it must not. */
static ngx_uint_t is_one_line(sluice_str text) {
  size_t i;

  for (i = 0; i < text.size; i++) {
    if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0') return 0;
  }
  return 1;
}

static ngx_int_t copy_text(ngx_pool_t* pool, sluice_str from, ngx_str_t* to) {
  to->len = from.size;
  to->data = ngx_pnalloc(pool, from.size + 1);
  if (to->data == NULL) return NGX_ERROR;
  *ngx_cpymem(to->data, from.data, from.size) = '\0';
  return NGX_OK;
}

ngx_int_t ngx_http_sluice_push_header(ngx_pool_t* pool, ngx_list_t* list, const sluice_header_change* change,
                                      ngx_table_elt_t** pushed) {
  ngx_table_elt_t* header;
  ngx_table_elt_t made;

  if (!is_one_line(change->name) || !is_one_line(change->value)) {
    ngx_log_error(NGX_LOG_ERR, pool->log, 0, "sluice: a header of the policy has a line break");
    return NGX_ERROR;
  }
  ngx_memzero(&made, sizeof made);
  if (copy_text(pool, change->name, &made.key) != NGX_OK) return NGX_ERROR;
  if (copy_text(pool, change->value, &made.value) != NGX_OK) return NGX_ERROR;
  made.lowcase_key = ngx_pnalloc(pool, made.key.len + 1);
  if (made.lowcase_key == NULL) return NGX_ERROR;
  made.hash = ngx_hash_strlow(made.lowcase_key, made.key.data, made.key.len);

  header = ngx_list_push(list);
  if (header == NULL) return NGX_ERROR;
  *header = made;
  *pushed = header;
  return NGX_OK;
}

/* What comes after `header` in the list (NULL: the first) with that name; `part` and `i` are the place in it. */
static ngx_table_elt_t* next_named(ngx_list_part_t** part, ngx_uint_t* i, const ngx_str_t* name) {
  for (; *part != NULL; *part = (*part)->next, *i = 0) {
    while (*i < (*part)->nelts) {
      ngx_table_elt_t* header = (ngx_table_elt_t*)(*part)->elts + (*i)++;
      if (same_name(&header->key, name)) return header;
    }
  }
  return NULL;
}

/* The list without every header of that name. */
static ngx_int_t remove_named(ngx_pool_t* pool, ngx_list_t* list, const ngx_str_t* name) {
  ngx_list_part_t* part = &list->part;
  ngx_list_t kept;
  ngx_uint_t i = 0;

  if (next_named(&part, &i, name) == NULL) return NGX_OK;
  if (ngx_list_init(&kept, pool, 20, sizeof(ngx_table_elt_t)) != NGX_OK) return NGX_ERROR;
  for (part = &list->part; part != NULL; part = part->next) {
    const ngx_table_elt_t* header = part->elts;
    for (i = 0; i < part->nelts; i++) {
      ngx_table_elt_t* copy;
      if (same_name(&header[i].key, name)) continue;
      copy = ngx_list_push(&kept);
      if (copy == NULL) return NGX_ERROR;
      *copy = header[i];
    }
  }
  *list = kept;
  if (list->last == &kept.part) list->last = &list->part; /* a list points into itself */
  return NGX_OK;
}

static ngx_int_t point_to_all(ngx_http_request_t* r, ngx_array_t* pointers, const ngx_str_t* name) {
  ngx_list_part_t* part = &r->headers_in.headers.part;
  ngx_table_elt_t* header;
  ngx_uint_t i = 0;

  pointers->nelts = 0;
  while ((header = next_named(&part, &i, name)) != NULL) {
    ngx_table_elt_t** slot;
    if (pointers->elts == NULL && ngx_array_init(pointers, r->pool, 1, sizeof(ngx_table_elt_t*)) != NGX_OK) {
      return NGX_ERROR;
    }
    slot = ngx_array_push(pointers);
    if (slot == NULL) return NGX_ERROR;
    *slot = header;
  }
  return NGX_OK;
}

/* Makes the well-known pointer of that name, if it has one, say what the list says. */
static ngx_int_t point_to_named(ngx_http_request_t* r, const ngx_str_t* name) {
  ngx_http_core_main_conf_t* cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
  ngx_list_part_t* part = &r->headers_in.headers.part;
  ngx_http_header_t* known;
  ngx_uint_t hash, i = 0;
  u_char* lower = ngx_pnalloc(r->pool, name->len + 1);
  char* field;

  if (lower == NULL) return NGX_ERROR;
  hash = ngx_hash_strlow(lower, name->data, name->len);
  known = ngx_hash_find(&cmcf->headers_in_hash, hash, lower, name->len);
  if (known == NULL || known->offset == 0) return NGX_OK;
  field = (char*)&r->headers_in + known->offset;
  if (known->offset == offsetof(ngx_http_headers_in_t, x_forwarded_for) ||
      known->offset == offsetof(ngx_http_headers_in_t, cookies)) {
    return point_to_all(r, (ngx_array_t*)field, name);
  }
  *(ngx_table_elt_t**)field = next_named(&part, &i, name);
  return NGX_OK;
}

static ngx_int_t change_header(ngx_http_request_t* r, const sluice_header_change* change) {
  ngx_str_t name = ngx_http_sluice_ngx_str(change->name);
  ngx_list_t* list = &r->headers_in.headers;
  ngx_table_elt_t* pushed;

  if (change->op != SLUICE_HEADER_ADD && remove_named(r->pool, list, &name) != NGX_OK) return NGX_ERROR;
  if (change->op != SLUICE_HEADER_REMOVE && ngx_http_sluice_push_header(r->pool, list, change, &pushed) != NGX_OK) {
    return NGX_ERROR;
  }
  return point_to_named(r, &name);
}

/* Host is not changed here: proxy_set_header Host $sluice_host_header sends the policy's. */
ngx_int_t ngx_http_sluice_change_request_headers(ngx_http_sluice_ctx_t* ctx) {
  static const ngx_str_t host = ngx_string("Host");
  size_t i;

  for (i = 0; i < ctx->decision.request_header_count; i++) {
    const sluice_header_change* change = &ctx->decision.request_headers[i];
    const ngx_str_t name = ngx_http_sluice_ngx_str(change->name);
    if (ngx_http_sluice_is_framing(name) || same_name(&name, &host)) continue;
    if (change_header(ctx->request, change) != NGX_OK) return NGX_ERROR;
  }
  return NGX_OK;
}
