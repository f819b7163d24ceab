/* nginx's request as Sluice's: views into what nginx holds until the request's pool is destroyed. */
#include "hosts/nginx/ngx_http_sluice.h"

static int64_t read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* nginx's own cached time may be a whole timer old. */
sluice_now ngx_http_sluice_now(void) {
  sluice_now now;
  now.wall_ns = read_clock(CLOCK_REALTIME);
  now.mono_ns = read_clock(CLOCK_MONOTONIC);
  return now;
}

static sluice_str literal(const char* text) {
  sluice_str str;
  str.data = text;
  str.size = ngx_strlen(text);
  return str;
}

static ngx_int_t fill_headers(ngx_http_request_t* r, sluice_request* request) {
  ngx_list_part_t* part;
  sluice_pair* pairs;
  size_t count = 0;
  ngx_uint_t i;

  for (part = &r->headers_in.headers.part; part != NULL; part = part->next) count += part->nelts;
  pairs = ngx_palloc(r->pool, count * sizeof(sluice_pair) + 1);
  if (pairs == NULL) return NGX_ERROR;
  request->headers = pairs;
  request->header_count = count;
  for (part = &r->headers_in.headers.part; part != NULL; part = part->next) {
    const ngx_table_elt_t* header = part->elts;
    for (i = 0; i < part->nelts; i++, pairs++) {
      pairs->name = ngx_http_sluice_str(header[i].key);
      pairs->value = ngx_http_sluice_str(header[i].value);
    }
  }
  return NGX_OK;
}

/* "ip:port"; empty for a Unix socket. */
static ngx_int_t fill_address(ngx_pool_t* pool, struct sockaddr* address, socklen_t size, sluice_str* text) {
  u_char* data;

  if (address->sa_family == AF_UNIX) return NGX_OK;
  data = ngx_pnalloc(pool, NGX_SOCKADDR_STRLEN);
  if (data == NULL) return NGX_ERROR;
  text->data = (const char*)data;
  text->size = ngx_sock_ntop(address, size, data, NGX_SOCKADDR_STRLEN, 1);
  return NGX_OK;
}

static ngx_int_t fill_connection(ngx_http_request_t* r, sluice_request* request) {
  ngx_connection_t* c = r->connection;

  if (fill_address(r->pool, c->sockaddr, c->socklen, &request->peer) != NGX_OK) return NGX_ERROR;
  if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) return NGX_ERROR;
  return fill_address(r->pool, c->local_sockaddr, c->local_socklen, &request->server);
}

static ngx_int_t write_certificates(STACK_OF(X509) * chain, BIO* bio) {
  int i;

  for (i = 0; i < sk_X509_num(chain); i++)
    if (PEM_write_bio_X509(bio, sk_X509_value(chain, i)) == 0) return NGX_ERROR;
  return NGX_OK;
}

/* What the client sent behind its certificate, as PEM. A session that is resumed has none: OpenSSL keeps only the
 * first. */
static ngx_int_t fill_chain(ngx_http_request_t* r, sluice_request* request) {
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(r->connection->ssl->connection);
  ngx_int_t rc = NGX_ERROR;
  char* written;
  u_char* text;
  size_t size;
  BIO* bio;

  if (chain == NULL || sk_X509_num(chain) == 0) return NGX_OK;
  bio = BIO_new(BIO_s_mem());
  if (bio == NULL) return NGX_ERROR;
  if (write_certificates(chain, bio) == NGX_OK) {
    size = BIO_get_mem_data(bio, &written);
    text = ngx_pnalloc(r->pool, size);
    if (text != NULL) {
      ngx_memcpy(text, written, size);
      request->tls_client_chain.data = (const char*)text;
      request->tls_client_chain.size = size;
      rc = NGX_OK;
    }
  }
  BIO_free(bio);
  return rc;
}

/* A certificate is handed over as presented, checked by nginx or not: the policy says what it takes. */
static ngx_int_t fill_tls(ngx_http_request_t* r, sluice_request* request) {
  ngx_connection_t* c = r->connection;
  ngx_str_t text = ngx_null_string;

  if (c->ssl == NULL) return NGX_OK;
  request->scheme = literal("https");
  if (ngx_ssl_get_server_name(c, r->pool, &text) == NGX_OK) request->tls_sni = ngx_http_sluice_str(text);
  if (ngx_ssl_get_raw_certificate(c, r->pool, &text) != NGX_OK) return NGX_ERROR;
  request->tls_client_cert = ngx_http_sluice_str(text);
  return text.len == 0 ? NGX_OK : fill_chain(r, request);
}

static sluice_str http_version(const ngx_http_request_t* r) {
  if (r->http_version == NGX_HTTP_VERSION_20) return literal("2");
  return literal(r->http_version == NGX_HTTP_VERSION_11 ? "1.1" : "1.0");
}

/* In absolute form the host is the target's, whatever a Host header says (RFC 9112 3.2.2); nginx keeps the path apart.
 */
static void fill_absolute_host(ngx_http_request_t* r, sluice_request* request) {
  if (r->host_start == NULL || r->host_end == NULL) return;
  request->host.data = (const char*)r->host_start;
  request->host.size = r->host_end - r->host_start;
  if (r->port_start != NULL && r->port_end != NULL) request->host.size = r->port_end - r->host_start;
}

static int64_t content_length(const ngx_http_request_t* r) {
  if (r->headers_in.content_length_n >= 0) return r->headers_in.content_length_n;
  return r->headers_in.chunked || r->http_version >= NGX_HTTP_VERSION_20 ? -1 : 0;
}

ngx_int_t ngx_http_sluice_fill_request(ngx_http_request_t* r, sluice_request* request) {
  request->struct_size = sizeof *request;
  request->method = ngx_http_sluice_str(r->method_name);
  request->target = ngx_http_sluice_str(r->unparsed_uri);
  request->http_version = http_version(r);
  request->content_length = content_length(r);
  fill_absolute_host(r, request);
  if (fill_connection(r, request) != NGX_OK || fill_tls(r, request) != NGX_OK) return NGX_ERROR;
  return fill_headers(r, request);
}
