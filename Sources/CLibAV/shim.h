// libavformat, libavcodec, libswscale and libavutil as Swift sees them: the headers, and what Swift
// cannot import (macros, variadic log callbacks, what changed its shape between FFmpeg 5 and 8).
#pragma once
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/log.h>
#include <libavutil/motion_vector.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// AVERROR_EOF and AVERROR() are function-like macros.
static inline int clibav_error_end(void) { return AVERROR_EOF; }
static inline int clibav_error_again(void) { return AVERROR(EAGAIN); }
static inline int clibav_error_input_output(void) { return AVERROR(EIO); }
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

// A picture's place in the order of decoding, or -1; FFmpeg 7 took it away.
static inline int clibav_decode_order(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_MAJOR < 59
  return frame->coded_picture_number;
#else
  (void)frame;
  return -1;
#endif
}

// SwsContext is opaque up to FFmpeg 7 and a plain struct in 8, which Swift imports differently; and
// its flags are macros. Bilinear, with exact rounding and chroma at full width: the same bytes
// whatever the alignment.
static inline void *clibav_scaler(
    int width, int height, int format, int target_width, int target_height) {
  return sws_getContext(
      width, height, (enum AVPixelFormat)format, target_width, target_height, AV_PIX_FMT_RGB24,
      SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
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
