/**
 * English: QR codes.
 * @module
 */
export const QR = {
  'qr.scan': 'Scan a QR code',
  'qr.camera': 'Use the camera',
  'qr.camera.stop': 'Stop the camera',
  'qr.camera.starting': 'Starting the camera…',
  'qr.camera.seeing': 'Hold the code in front of the camera.',
  'qr.camera.refused':
    'The browser is blocking your camera. Click the icon left of the address, choose Allow, then ' +
    'try again. Or choose an image.',
  'qr.camera.absent': 'No camera can be used here. Choose an image instead.',
  'qr.image': 'Choose an image',
  'qr.drop': 'Or drop or paste a photo or a screenshot of the code.',
  'qr.looking': 'Looking for a code…',
  'qr.none': 'There is no QR code in that image. Nothing was sent.',
} as const;
