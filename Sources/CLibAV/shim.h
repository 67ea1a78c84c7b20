// libavformat, libavcodec, libswscale and libavutil as Swift sees them: the headers, and what Swift
// cannot import (macros, variadic log callbacks, what changed its shape between FFmpeg 5 and 8).
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/motion_vector.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// AVERROR_EOF and AVERROR() are function-like macros.
static inline int clibav_error_end(void) { return AVERROR_EOF; }
static inline int clibav_error_again(void) { return AVERROR(EAGAIN); }
static inline int clibav_error_out_of_memory(void) { return AVERROR(ENOMEM); }

// libav explains itself in its log only ("moov atom not found"), so the first complaint of a thread
// is kept for the error that follows, and nothing reaches the terminal. Used from LibAV.swift alone,
// so that there is one copy of the buffer.
enum { clibav_complaint_size = 256 };
static inline char *clibav_complaint(void) {
  static _Thread_local char text[clibav_complaint_size];
  return text;
}
static inline void clibav_record(void *source, int level, const char *format, va_list arguments) {
  (void)source;
  if (level > AV_LOG_ERROR || clibav_complaint()[0] != 0) return;
  vsnprintf(clibav_complaint(), clibav_complaint_size, format, arguments);
}
static inline void clibav_listen(void) { av_log_set_callback(clibav_record); }
static inline void clibav_forget(void) { clibav_complaint()[0] = 0; }

// The 3×3 display matrix of a stream, or null; FFmpeg 7 moved it to the codec parameters.
static inline const int32_t *clibav_display_matrix(AVStream *stream) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
  const AVPacketSideData *found = av_packet_side_data_get(
      stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data,
      AV_PKT_DATA_DISPLAYMATRIX);
  return found && found->size >= 9 * sizeof(int32_t) ? (const int32_t *)found->data : NULL;
#else
  size_t size = 0;
  const uint8_t *found = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  return found && size >= 9 * sizeof(int32_t) ? (const int32_t *)found : NULL;
#endif
}

// What libav reads from: a range of an open file, at most `budget` bytes until it is refilled. libav
// never opens a name itself, whatever a file says. `failure` is the errno of a read that failed, which
// libav may take for the end.
typedef struct clibav_range {
  int file, failure;
  int64_t start, length, position, budget;
} clibav_range;
static inline int clibav_range_read(void *opaque, uint8_t *bytes, int count) {
  clibav_range *range = (clibav_range *)opaque;
  const int64_t left = range->length - range->position;
  if (left <= 0) return AVERROR_EOF;
  if (count > left) count = (int)left;
  range->budget -= count;
  if (range->budget < 0) return AVERROR_EOF;
  ssize_t got;
  do got = pread(range->file, bytes, (size_t)count, range->start + range->position);
  while (got < 0 && errno == EINTR);
  if (got < 0) return AVERROR(range->failure = errno);
  if (got == 0) return AVERROR_EOF;
  range->position += got;
  return (int)got;
}
static inline int64_t clibav_range_seek(void *opaque, int64_t offset, int whence) {
  clibav_range *range = (clibav_range *)opaque;
  whence &= ~AVSEEK_FORCE;
  if (whence == AVSEEK_SIZE) return range->length;
  if (whence == SEEK_CUR) offset += range->position;
  else if (whence == SEEK_END) offset += range->length;
  else if (whence != SEEK_SET) return AVERROR(EINVAL);
  if (offset < 0) return AVERROR(EINVAL);
  return range->position = offset;
}
static inline AVIOContext *clibav_range_input(clibav_range *range) {
  enum { bytes = 1 << 16 };
  uint8_t *buffer = (uint8_t *)av_malloc(bytes);
  if (!buffer) return NULL;
  AVIOContext *input =
      avio_alloc_context(buffer, bytes, 0, range, clibav_range_read, NULL, clibav_range_seek);
  if (!input) av_free(buffer);
  return input;
}
static inline void clibav_range_input_free(AVIOContext *input) {
  if (input) av_freep(&input->buffer);
  avio_context_free(&input);
}
static inline int clibav_refuse(
    AVFormatContext *context, AVIOContext **input, const char *name, int flags,
    AVDictionary **options) {
  (void)context, (void)input, (void)name, (void)flags, (void)options;
  return AVERROR(EACCES);
}
static inline AVFormatContext *clibav_context(AVIOContext *input) {
  AVFormatContext *context = avformat_alloc_context();
  if (!context) return NULL;
  context->pb = input;
  context->io_open = clibav_refuse;
  return context;
}

// A number that a packet hands on to the picture that is decoded from it.
static inline void clibav_tag(AVCodecContext *decoder, AVPacket *packet, int64_t number) {
#if LIBAVCODEC_VERSION_MAJOR >= 60
  decoder->flags |= AV_CODEC_FLAG_COPY_OPAQUE;
  packet->opaque = (void *)(intptr_t)number;
#else
  (void)packet;
  decoder->reordered_opaque = number;
#endif
}
static inline int64_t clibav_tag_of(const AVFrame *frame) {
#if LIBAVCODEC_VERSION_MAJOR >= 60
  return (int64_t)(intptr_t)frame->opaque;
#else
  return frame->reordered_opaque;
#endif
}
static inline int clibav_is_key(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_MAJOR >= 59
  return (frame->flags & AV_FRAME_FLAG_KEY) != 0;
#else
  return frame->key_frame != 0;
#endif
}

// SwsContext is opaque up to FFmpeg 7 and a plain struct in 8, which Swift imports differently; and
// its flags are macros. Bilinear, with exact rounding and chroma at full width: the same bytes
// whatever the alignment. Chroma is also read at full width, since libswscale takes RGB in pairs where
// it shrinks to a half, and in rows of odd length a pair with a byte that nobody wrote.
static inline void *clibav_scaler(
    int width, int height, int format, int target_width, int target_height, int target_format) {
  return sws_getContext(
      width, height, (enum AVPixelFormat)format, target_width, target_height,
      (enum AVPixelFormat)target_format,
      SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
}
static inline int clibav_scaler_colours(void *scaler, int space, int range) {
  int *inverse, *table, source_full, target_full, brightness, contrast, saturation;
  int code = sws_getColorspaceDetails(
      scaler, &inverse, &source_full, &table, &target_full, &brightness, &contrast, &saturation);
  if (code < 0) return code;
  if (range != AVCOL_RANGE_UNSPECIFIED) source_full = range == AVCOL_RANGE_JPEG;
  return sws_setColorspaceDetails(
      scaler, sws_getCoefficients(space), source_full, table, target_full, brightness, contrast,
      saturation);
}
static inline int clibav_scaler_run(void *scaler, AVFrame *target, const AVFrame *source) {
  return sws_scale_frame(scaler, target, source);
}
static inline void clibav_scaler_free(void *scaler) { sws_freeContext(scaler); }
