/* Reads whole files: the policy, and the list of revoked tokens. */
#include "hosts/nginx/ngx_http_sluice.h"

#define NGX_HTTP_SLUICE_MAX_FILE ((off_t)64 << 20)

static ngx_int_t read_all(ngx_fd_t fd, u_char* to, size_t size) {
  while (size > 0) {
    ssize_t n = ngx_read_fd(fd, to, size);
    if (n <= 0) return NGX_ERROR;
    to += n;
    size -= n;
  }
  return NGX_OK;
}

static ngx_int_t fail(ngx_http_sluice_file_t* file, ngx_err_t err, const char* why) {
  file->err = err;
  file->why = why;
  return NGX_ERROR;
}

static ngx_int_t read_open(ngx_fd_t fd, ngx_log_t* log, ngx_http_sluice_file_t* file) {
  u_char* data;

  if (ngx_fd_info(fd, &file->info) == NGX_FILE_ERROR || !ngx_is_file(&file->info))
    return fail(file, 0, "is not a regular file");
  if (ngx_file_size(&file->info) > NGX_HTTP_SLUICE_MAX_FILE) return fail(file, 0, "is larger than 64 MiB");
  data = ngx_alloc((size_t)ngx_file_size(&file->info) + 1, log);
  if (data == NULL) return fail(file, NGX_ENOMEM, "cannot be read");
  if (read_all(fd, data, (size_t)ngx_file_size(&file->info)) != NGX_OK) {
    ngx_err_t err = ngx_errno;
    ngx_free(data);
    return fail(file, err, "cannot be read to its end");
  }
  file->text.data = (const char*)data;
  file->text.size = (size_t)ngx_file_size(&file->info);
  return NGX_OK;
}

ngx_int_t ngx_http_sluice_read_file(const ngx_str_t* path, ngx_log_t* log, ngx_http_sluice_file_t* file) {
  /* A pipe would keep the process waiting for whoever writes to it. */
  ngx_fd_t fd = ngx_open_file(path->data, NGX_FILE_RDONLY | NGX_FILE_NONBLOCK, NGX_FILE_OPEN, 0);
  ngx_int_t rc;

  ngx_memzero(file, sizeof(*file));
  if (fd == NGX_INVALID_FILE) return fail(file, ngx_errno, "cannot be opened");
  rc = read_open(fd, log, file);
  ngx_close_file(fd);
  return rc;
}

void ngx_http_sluice_free_file(ngx_http_sluice_file_t* file) {
  if (file->text.data != NULL) ngx_free((void*)file->text.data);
  file->text.data = NULL;
}
